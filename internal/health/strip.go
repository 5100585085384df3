package health

import "time"

// A Segment is a stretch of an endpoint's time in which all is of one kind.
type Segment struct {
	From, To time.Time // To excluded; a segment ends where the next begins
	Kind     Kind
}

// A Kind is what is known of a stretch of time.
type Kind string

// Kinds of segments.
const (
	KindSettled      Kind = "settled"      // stored for good
	KindRead         Kind = "read"         // stored, may still change, or lacks details
	KindUnread       Kind = "unread"       // wanted, and Microsoft still has it
	KindNotWanted    Kind = "not_wanted"   // before the origin, or not due yet
	KindReading      Kind = "reading"      // unread, and the run at work reads it
	KindParked       Kind = "parked"       // cannot be read, and is tried daily
	KindLost         Kind = "lost"         // left Microsoft's retention unread
	KindAcknowledged Kind = "acknowledged" // the same, and somebody has taken note
)

// StripFor is how much time a strip shows: it begins that long before
// Snapshot.AsOf, in every row.
const StripFor = 35 * 24 * time.Hour
