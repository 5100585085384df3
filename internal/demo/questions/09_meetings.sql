-- Which meetings were the largest, and how did people come to them?
SELECT to_char(c.start_at, 'YYYY-MM-DD HH24:MI')                 AS started,
       c.organizer_display_name                                  AS organizer,
       c.session_count                                           AS sessions,
       c.participant_count                                       AS people,
       count(*) FILTER (WHERE p.user_id IS NOT NULL)             AS with_an_account,
       count(*) FILTER (WHERE p.identity_id LIKE 'teamsvisitor:%') AS by_link,
       count(*) FILTER (WHERE p.identity_kind = 'phone')         AS by_phone
FROM (
    SELECT *
    FROM analytics.calls
    WHERE start_at >= now() - interval '30 days'
    ORDER BY participant_count DESC
    LIMIT 5
) c
JOIN analytics.participants p USING (tenant_id, call_id)
GROUP BY c.tenant_id, c.call_id, c.start_at, c.organizer_display_name, c.session_count, c.participant_count
ORDER BY people DESC, started;
