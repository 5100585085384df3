package graphsim

import (
	"iter"
	"strconv"
)

// dialoutReport adds up what the organizers of meetings had called: the
// conf_out calls that getPstnCalls would serve now for the same window.
type dialoutReport struct {
	calls *eventLog
	extra *eventLog // Config.Extra alone, which no call lies behind
	reach int64
}

// account is what a call is counted under. The currency is empty as long as
// the price is not known.
type account struct {
	organizer         *user
	context, currency string
}

// dialout is a row of the report.
type dialout struct {
	event
	account
	calls, seconds int64
	charge         int64 // thousandths
}

func (r *dialoutReport) served(w window, skip int) iter.Seq[record] {
	w.from = max(w.from, w.now-r.reach)
	return func(yield func(record) bool) {
		rows := r.rows(w)
		for extra := range r.extra.served(w, 0) {
			rows = append(rows, extra)
		}
		for _, row := range rows[min(skip, len(rows)):] {
			if !yield(row) {
				return
			}
		}
	}
}

// rows are in the order of the accounts' first calls.
func (r *dialoutReport) rows(w window) (rows []record) {
	sums := make(map[account]*dialout)
	for row := range r.calls.served(w, 0) {
		c, generated := row.(*pstnCall)
		if !generated || !c.kind.meeting || !c.kind.outbound {
			continue
		}
		charge, connection, currency := c.bill(c.form(w))
		a := account{c.user, c.context(), currency}
		sum := sums[a]
		if sum == nil {
			sum = &dialout{account: a}
			sums[a], rows = sum, append(rows, sum)
		}
		sum.calls++
		sum.seconds += int64(c.duration)
		sum.charge += charge + connection
	}
	return rows
}

func (r *dialout) appendJSON(dst []byte, _ form) []byte {
	dst = append(append(dst, '{'), r.organizer.json...)
	dst = strconv.AppendInt(append(dst, `,"totalCalls":`...), r.calls, 10)
	dst = strconv.AppendInt(append(dst, `,"totalCallSeconds":`...), r.seconds, 10)
	dst = appendMoney(append(dst, `,"totalCallCharge":`...), r.charge)
	dst = appendText(dst, "usageLocation", r.organizer.site.country.code)
	dst = appendText(dst, "destinationContext", r.context)
	dst = appendText(dst, "currency", r.currency)
	return append(dst, '}')
}
