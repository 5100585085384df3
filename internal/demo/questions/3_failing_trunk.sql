-- Which trunk failed, on which day, and why?
SELECT trunk_fqdn,
       start_at::date                                    AS day,
       count(*)                                          AS attempts,
       count(*) FILTER (WHERE NOT successful_call)       AS failed,
       mode() WITHIN GROUP (ORDER BY final_sip_code || '/' || call_end_sub_reason)
           FILTER (WHERE NOT successful_call)            AS most_often
FROM teams.direct_routing_calls
GROUP BY trunk_fqdn, day
HAVING count(*) >= 5
   AND count(*) FILTER (WHERE final_sip_code >= 500) > count(*) / 2
ORDER BY failed DESC
LIMIT 5;
