-- Which meetings were the largest, and how did people come to them?
SELECT to_char(c.start_at, 'YYYY-MM-DD HH24:MI')         AS started,
       c.organizer_display_name                          AS organizer,
       c.session_count                                   AS sessions,
       count(*)                                          AS people,
       count(*) FILTER (WHERE identity_tenant_id = p.tenant_id)    AS our_own,
       count(*) FILTER (WHERE identity_tenant_id <> p.tenant_id)   AS of_others,
       count(*) FILTER (WHERE identity_id LIKE 'teamsvisitor:%')   AS by_link,
       count(*) FILTER (WHERE identity_kind = 'phone')   AS by_phone
FROM teams.call_records c
JOIN teams.call_participants p ON p.tenant_id = c.tenant_id AND p.call_id = c.id
GROUP BY c.tenant_id, c.id
ORDER BY people DESC, started
LIMIT 5;
