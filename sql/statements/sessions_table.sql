-- The list of sessions for the eye: the columns that fit.
SELECT id, substr(timestamp, 1, 19) || 'Z' AS timestamp, src_ip, src_port, dest_ip, dest_port, app_proto, hop,
       direction, verdict, tls_version AS "tls.version", tls_sni AS "tls.sni",
       auth_mechanism AS "auth.mechanism", auth_exposure AS "auth.exposure",
       iif(strip_evidence = '', NULL, strip_grade || ': ' || strip_evidence) AS strip,
       nullif(incidents, '') AS incidents, nullif(marks, '') AS marks
FROM sessions
WHERE (:verdict IS NULL OR verdict = :verdict)
  AND (:since IS NULL OR timestamp >= strftime('%Y-%m-%dT%H:%M:%S', :since, 'unixepoch'))
  AND (:until IS NULL OR timestamp < strftime('%Y-%m-%dT%H:%M:%S', :until, 'unixepoch'))
  AND (:hop IS NULL OR hop = :hop) AND (:direction IS NULL OR direction = :direction)
ORDER BY id;
