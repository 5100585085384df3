package health

// Words are all states, flags, levels and codes there are.
func Words() []any {
	words := []any{
		Removed, Paused, Denied, Down, Throttled, Late, Never, CatchingUp, OnTime,
		FlagLost, FlagParked, FlagExpiring, FlagRejects,
	}
	for _, level := range levels {
		words = append(words, level)
	}
	for code := range causes {
		words = append(words, code)
	}
	return words
}
