package graphsim

// ending is how a Direct Routing call ended: the SIP code, Microsoft's own
// subcode (560xxx: the border controller said xxx) and the text of both.
type ending struct {
	code, subcode int
	phrase        string
	weight        int
}

// answered is how a good call ends; the code is 0, not 200.
var answered = &ending{0, 540000, "BYE", 0}

// Endings of calls that failed, by direction.
var (
	failuresIn = []ending{
		{480, 10037, "Temporarily Unavailable", 30},
		{486, 560486, "Busy Here", 12},
		{486, 10321, "Busy Here", 3},
		{487, 560487, "Request Terminated", 30},
		{404, 511404, "Not Found", 8},
		{603, 560603, "Decline", 8},
		{403, 10199, "Forbidden", 2},
		{480, 10191, "Temporarily Unavailable", 3},
		{408, 0, "Request Timeout", 2},
		{408, 1106, "Request Timeout", 1},
		{500, 510482, "Server Internal Error", 1},
	}
	failuresOut = []ending{
		{486, 560486, "Busy Here", 25},
		{480, 560480, "Temporarily Unavailable", 12},
		{487, 560487, "Request Terminated", 20},
		{408, 560408, "Request Timeout", 12},
		{404, 560404, "Not Found", 6},
		{484, 560484, "Address Incomplete", 5},
		{603, 560603, "Decline", 5},
		{403, 510559, "Forbidden", 3},
		{403, 510563, "Forbidden", 2},
		{403, 560403, "Forbidden", 2},
		{402, 560402, "Payment Required", 1},
		{408, 500001, "Request Timeout", 3},
		{500, 510544, "Server Internal Error", 1},
		{503, 560503, "Service Unavailable", 2},
		{504, 549002, "Server Time-out", 1},
	}
)

// outages are the endings of calls over a trunk that is out of order: no
// circuits, and a certificate from nobody known.
var outages = []ending{{503, 560503, "Service Unavailable", 3}, {504, 569009, "Server Time-out", 2}}

func (w *draw) ending(list []ending) *ending {
	sum := 0
	for i := range list {
		sum += list[i].weight
	}
	n := w.rng.IntN(sum)
	for i := range list {
		if n -= list[i].weight; n < 0 {
			return &list[i]
		}
	}
	panic("unreachable: n is below the sum of the weights")
}
