package graphsim

// blockedUsers are the times the service kept users from calling, and let them
// call again.
type blockedUsers struct{ *company }

func (l blockedUsers) volume(d int64) int { return len(l.events(d)) }

func (l blockedUsers) generate(d int64) []record { return records(l.events(d)) }

// longestBlock is after how many days at the latest a user is unblocked.
const longestBlock = 2

// events are those of a day, also of users blocked a day or two before.
func (l blockedUsers) events(d int64) (events []blockEvent) {
	for origin := d - longestBlock; origin <= d; origin++ {
		for _, e := range l.incident(origin) {
			if on, _ := floorDiv(e.start, day); on == d {
				events = append(events, e)
			}
		}
	}
	return events
}

// incident is a block of a day and what followed, on every third working day.
func (l blockedUsers) incident(d int64) []blockEvent {
	if d < l.first || l.perDay == 0 {
		return nil
	}
	w := newDraw(l.randomness("blocked", d), d, l.tickets)
	if d == l.stories.lastNight+1 {
		block := w.block(l.stories.forwarder, d*day+7*3600*second)
		return []blockEvent{block, w.unblock(block, (d+1)*day+10*3600*second)}
	}
	if weekend(d) || w.rng.IntN(3) > 0 {
		return nil
	}
	block := w.block(w.someone())
	switch w.rng.IntN(6) {
	case 0: // for good
		return []blockEvent{block}
	case 1: // at one instant, the second row in somebody else's name
		unblock := w.unblock(block, block.start)
		unblock.named, _ = w.someone()
		return []blockEvent{block, unblock}
	}
	return []blockEvent{block, w.unblock(block, block.start+w.rng.Int64N((longestBlock-1)*day))}
}

// blockEvent is a row of the log.
type blockEvent struct {
	event
	user, named *user
	remediation guid // a block and its end share it
	unblocked   bool
	detail      uint8 // random: decides between variants of a member
}

func (w *draw) block(u *user, start int64) blockEvent {
	return blockEvent{event: event{id: newGUID(w.rng), start: start, ready: w.rng.Int32N(2 * 3600)},
		user: u, named: u, remediation: newGUID(w.rng), detail: uint8(w.rng.Uint32())}
}

func (w *draw) unblock(block blockEvent, start int64) blockEvent {
	e := w.block(block.user, start)
	e.remediation, e.unblocked = block.remediation, true
	return e
}

func (e *blockEvent) appendJSON(dst []byte, f form) []byte {
	mode, reason := [2]string{"Blocked", "blocked"}, "High Overall Usage"
	if e.unblocked {
		mode, reason = [2]string{"Unblocked", "unblocked"}, "Tenant Requested"
	}
	if f.changed {
		reason = "High International Usage"
	}
	dst = append(append(append(dst, `{"userId":"`...), e.user.id...), `",`...)
	dst = append(dst, e.named.names...)
	dst = append(appendTime(append(dst, `,"blockDateTime":"`...), e.start), '"')
	dst = appendText(dst, "userTelephoneNumber", e.user.number)
	dst = appendText(dst, "userBlockMode", mode[e.detail%2])
	dst = appendText(dst, "blockReason", reason)
	return append(e.remediation.appendTo(append(dst, `,"remediationId":"`...)), `"}`...)
}
