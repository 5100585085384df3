package web

import "ingestd/internal/health"

func isFresh(s health.Snapshot) bool { return s.Verdict.Level == health.Safe }
