-- Which microphone crackles?
SELECT device,
       sum(streams)                                              AS streams,
       round((sum(mic_glitch_rate * streams) / sum(streams))::numeric, 1) AS glitches_in_5_min
FROM analytics.device_quality_daily
WHERE day >= current_date - 14
  AND role = 'capture'
GROUP BY device
ORDER BY glitches_in_5_min DESC NULLS LAST
LIMIT 5;
