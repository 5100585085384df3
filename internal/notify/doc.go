// Package notify is where change notifications come in. A notification only tells an id: it is one more way for a
// call record to be discovered, and the list of call records stays the truth. How an id goes from the POST to the
// tree, and what a SIGKILL loses at each point:
//
//  1. A body arrives. Killed here, the sender has no answer and sends it again.
//  2. Its items are checked: tenant, subscription, clientState, form of the id. Nothing is stored yet; as in 1.
//  3. The ids of all requests of some milliseconds go to Discover, which commits them to a table, one row an id.
//     Killed before the COMMIT it is as in 1; after it the sender repeats an id that is there, which changes nothing.
//  4. The answer 202. From here on the id is in the database.
//  5. A run for call records takes the row, asks Graph for the record and stores it whole, or notes in the row why
//     not. Killed before the record's COMMIT the row is still due; between that and the note it costs one request.
//
// What was not answered 202 was answered 503, so it is sent again. A notification that is lost altogether costs
// time: the list names the record. What is read of an event hub goes the same way, with the mark how far it was read
// in place of the answer: killed before that, it is read again. The package knows neither SQL nor when anything is
// read.
package notify
