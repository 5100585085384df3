package health

// ExitCode is placeholder until facts lands.
func (s Snapshot) ExitCode() int { return 0 }
