package graphsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// member of a JSON object, with its name and value as they stand there.
type member struct {
	name  string // decoded
	text  []byte // name and value
	value json.RawMessage
}

// membersOf takes an object apart without reading what is in its members.
func membersOf(object []byte) (list []member, err error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if open, err := d.Token(); err != nil || open != json.Delim('{') || !json.Valid(object) {
		return nil, errors.New("not a JSON object")
	}
	for d.More() {
		before := d.InputOffset()
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: name.(string)} // nothing else can stand here
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		m.text = bytes.TrimLeft(object[before:d.InputOffset()], ", \t\r\n")
		list = append(list, m)
	}
	return list, nil
}

// without leaves a member and its annotations out of an object, and alone what
// is none.
func without(object []byte, name string) []byte {
	list, err := membersOf(object)
	if err != nil {
		return object
	}
	rest := []byte("{")
	for _, m := range list {
		if m.name == name || strings.HasPrefix(m.name, name+"@") {
			continue
		}
		if len(rest) > 1 {
			rest = append(rest, ',')
		}
		rest = append(rest, m.text...)
	}
	return append(rest, '}')
}
