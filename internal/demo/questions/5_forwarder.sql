-- Who forwards calls abroad, and was somebody blocked for it?
SELECT u.display_name                                    AS person,
       count(*)                                          AS calls,
       c.destination_name                                AS country,
       min(c.start_at)::date                             AS first_on,
       max(c.start_at)::date                             AS last_on,
       sum(c.charge + coalesce(c.connection_charge, 0)) || ' ' || min(c.currency) AS cost,
       (SELECT max(b.block_at)::date
        FROM teams.pstn_blocked_users_log b
        WHERE b.tenant_id = c.tenant_id
          AND b.user_id = c.user_id
          AND b.user_block_mode = 'blocked')             AS blocked_on
FROM teams.pstn_calls c
JOIN teams.users u USING (tenant_id, user_id)
WHERE c.call_type = 'user_out_forwarding'
  AND c.destination_context = 'International'
  AND c.start_at >= now() - interval '30 days'
GROUP BY c.tenant_id, c.user_id, u.display_name, c.destination_name
ORDER BY calls DESC
LIMIT 3;
