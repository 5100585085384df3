package privacy

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ingestd/internal/catalog"
	"ingestd/internal/mapping"
)

// An Eraser takes persons out of what is stored and read of one tenant. It knows them by keyed hashes alone: of a user
// id or a number, which tell a person also where they are pseudonyms already.
//
// Instead of ids and numbers there are pseudonyms, so that one person is one person in figures. They are made of the
// pseudonyms that modes make, so that they do not depend on the tenant's modes, and with a key of their own, so that
// nobody joins them with a backup. All else of a person goes.
type Eraser struct {
	ids, numbers *key // as modes have them
	hash         *key
	instead      *key
	known        map[[sha256.Size]byte]bool
	anyNumber    bool // of those known is one that is known by a number
	// Texts in lower case that tell them too, while it is known what they are called.
	principals, names [][]byte
}

// NewEraser returns an Eraser that knows nobody. The secret is that of the tenant's pseudonyms.
func NewEraser(secret []byte, tenant uuid.UUID) (*Eraser, error) {
	e := &Eraser{known: map[[sha256.Size]byte]bool{}}
	for name, k := range map[string]**key{
		string(catalog.Identity): &e.ids, string(catalog.Numbers): &e.numbers,
		"hash of erased": &e.hash, "erased": &e.instead,
	} {
		derived, err := hkdf.Key(sha256.New, secret, tenant[:], "ingestd "+name, sha256.Size)
		if err != nil {
			return nil, err
		}
		*k = newKey(derived)
	}
	e.instead.flip = ofErased
	return e, nil
}

// What a Person is known by.
const (
	ByUser   = "user"
	ByNumber = "number"
)

// A Person is one who is to be erased.
type Person struct {
	By   string
	Hash []byte // by which an Eraser knows them
	// Spellings are how the id or the number may be stored, and Instead what is stored in place of each.
	Spellings, Instead []string
}

// Person returns the one of a user id or a number; ok is false for any other text, and for a number that is too
// short or long.
func (e *Eraser) Person(text string) (p Person, ok bool) {
	who, ok := e.who([]byte(text))
	if !ok {
		return p, false
	}
	hash := e.hash.sum(who[:])
	p.By, p.Hash = ByUser, append(e.secret(), hash[:]...)
	all := [][]byte{bytes.ToLower([]byte(text))}
	if mapping.IsGUID(all[0]) {
		all = append(all, e.ids.guid(all[0]))
	} else {
		digits := international(all[0])
		if p.By = ByNumber; len(digits) < leastDigits || len(digits) > mostDigits {
			return p, false
		}
		number := append([]byte("+"), digits...)
		all = [][]byte{number, digits, e.numbers.number(number), e.numbers.number(digits)}
	}
	for _, spelling := range all {
		p.Spellings = append(p.Spellings, string(spelling))
		p.Instead = append(p.Instead, string(e.pseudonym(spelling)))
	}
	return p, true
}

// ErrOtherSecret says that a person's hash was made with another secret.
var ErrOtherSecret = errors.New("privacy.key_file holds another secret than when persons of the tenant were erased, " +
	"so that they would not be known again; restore it")

// Add has the Eraser know a person by the hash.
func (e *Eraser) Add(by string, hash []byte) error {
	sum, ok := bytes.CutPrefix(hash, e.secret())
	if !ok {
		return ErrOtherSecret
	}
	e.known[[sha256.Size]byte(sum)] = true
	e.anyNumber = e.anyNumber || by == ByNumber
	return nil
}

// secret begins hashes, and tells that they were made with this secret.
func (e *Eraser) secret() []byte {
	sum := e.hash.sum(nil)
	return sum[:8]
}

// Mention has the Eraser find persons also by addresses to sign in with, and by names inside
// of longer texts: a name alone may be another's.
func (e *Eraser) Mention(principals, names []string) {
	for _, text := range principals {
		e.principals = append(e.principals, bytes.ToLower([]byte(text)))
	}
	for _, text := range names {
		e.names = append(e.names, bytes.ToLower([]byte(text)))
	}
}

// Of returns what changes the elements of a model; nil where nobody is known.
func (e *Eraser) Of(m *mapping.Model) *mapping.Eraser {
	if e == nil || len(e.known) == 0 {
		return nil
	}
	return m.Eraser(e)
}

// byModes is the pseudonym that modes make of a text, also where it is one already, and what stands before it.
func (e *Eraser) byModes(text []byte) (p pseudonym, begin []byte) {
	p, begin, ok := parse(text)
	switch {
	case ok:
		return p, begin
	case mapping.IsGUID(text):
		return e.ids.ofGUID(bytes.ToLower(text)), nil
	case isNumber(text):
		return e.numbers.begin(international(text)).finish(0), beginOf(text)
	}
	return e.ids.begin(text).finish(0), nil
}

// who is byModes for a text that may tell a person: a user id or a whole number.
func (e *Eraser) who(text []byte) (p pseudonym, ok bool) {
	if bytes.IndexByte(text, '*') >= 0 || !mapping.IsGUID(text) && !isNumber(text) && !IsPseudonym(text) {
		return p, false
	}
	p, _ = e.byModes(text)
	return p, true
}

func (e *Eraser) knows(text []byte) bool {
	who, ok := e.who(text)
	return ok && e.known[e.hash.sum(who[:])]
}

// pseudonym is what stands for a text of a person.
func (e *Eraser) pseudonym(text []byte) []byte {
	switch p, begin := e.byModes(text); {
	case p.ofErased():
		return text
	case mapping.IsGUID(text):
		return e.instead.guid(p[:])
	default:
		return e.instead.text(begin, p[:])
	}
}

// Replace is for rows of others: see mapping.Persons.
func (e *Eraser) Replace(text []byte) (stored []byte, ok bool) {
	switch {
	case e.knows(text):
		return e.pseudonym(text), true
	case mapping.IsGUID(text):
	case e.mentioned(text):
		return nil, false
	}
	return text, true
}

// Distinct returns a pseudonym in place of a text that names one of them or mentions them.
func (e *Eraser) Distinct(text []byte) []byte {
	if e.knows(text) || e.mentioned(text) {
		return e.pseudonym(text)
	}
	return text
}

// mentioned reports whether one of them is named inside of a longer text.
func (e *Eraser) mentioned(text []byte) bool {
	const length = len("00000000-0000-0000-0000-000000000000")
	for i := 0; i+length <= len(text); i++ {
		if text[i+8] == '-' && mapping.IsGUID(text[i:i+length]) && e.knows(text[i:i+length]) {
			return true
		}
	}
	return e.called(text) || e.anyNumber &&
		(slices.ContainsFunc(numbersIn(text), e.knows) || slices.ContainsFunc(markedIn(text), e.knows))
}

// called reports whether a text has what one of them is called.
func (e *Eraser) called(text []byte) bool {
	if len(e.principals)+len(e.names) == 0 {
		return false
	}
	text = bytes.ToLower(text)
	return slices.ContainsFunc(e.principals, func(p []byte) bool { return bytes.Contains(text, p) }) ||
		slices.ContainsFunc(e.names, func(n []byte) bool { return len(text) > len(n) && bytes.Contains(text, n) })
}

// A number that is looked for, also inside of a text, has so many digits: fewer are anything, and more are none.
const leastDigits, mostDigits = 6, 15

// numbersIn are the runs of digits in a text, and the longer ones with what is written between digits of a number. A
// time has none.
func numbersIn(text []byte) (found [][]byte) {
	if len(text) > 10 && text[4] == '-' && text[7] == '-' && text[10] == 'T' {
		return nil
	}
	for _, between := range []string{"", " ()./-"} {
		for _, run := range bytes.FieldsFunc(text, func(r rune) bool {
			return (r < '0' || '9' < r) && !strings.ContainsRune(between, r)
		}) {
			run = bytes.Trim(run, between)
			n := len(international(run))
			if leastDigits <= n && n <= mostDigits && (between == "" || n < len(run)) {
				found = append(found, run)
			}
		}
	}
	return found
}

// markedIn are the pseudonyms in a text that are no GUIDs.
func markedIn(text []byte) (found [][]byte) {
	for i := 0; i+markedLength <= len(text); i++ {
		if text[i] == mark && IsPseudonym(text[i:i+markedLength]) {
			found = append(found, text[i:i+markedLength])
		}
	}
	return found
}

// devices are columns that hold no personal data by their classes, but names that persons give.
var devices = []string{"capture_device_name", "render_device_name"}

// Says reports whether a column says whom a row is about: see mapping.Persons.
func (e *Eraser) Says(c mapping.Column) bool {
	return textual(c) && catalog.Column{Name: c.Name}.PersonalIn([]catalog.Class{catalog.Identity})
}

// Key is a pseudonym of a key: see mapping.Persons.
func (e *Eraser) Key(key []byte) []byte { return e.pseudonym(key) }

// Own is for rows of one of them: see mapping.Persons.
func (e *Eraser) Own(c mapping.Column) mapping.Rule {
	classes := catalog.Column{Name: c.Name}.Personal()
	switch {
	case !textual(c):
		return nil
	case len(classes) == 0 && !slices.Contains(devices, c.Name):
		return e
	}
	return ownRule{e, slices.Contains(classes, catalog.Identity), slices.Contains(classes, catalog.Numbers)}
}

// textual reports whether a column's values are served as texts that may be anything.
func textual(c mapping.Column) bool {
	return slices.Contains([]string{mapping.Text.Name, mapping.UUID.Name, mapping.Inet.Name, "ARRAY"}, c.Type.Name)
}

// An ownRule is what becomes of a column's texts in a row of a person who is erased: ids, and numbers that have a code,
// become pseudonyms.
type ownRule struct {
	eraser       *Eraser
	ids, numbers bool // that the column may hold
}

func (r ownRule) Replace(text []byte) (stored []byte, ok bool) {
	switch _, begin := r.eraser.byModes(text); {
	case r.ids && mapping.IsGUID(text):
		if slices.Contains(assistants, string(bytes.ToLower(text))) {
			return text, true
		}
	case !r.numbers, len(begin) == 0, string(begin) == visitor:
		return nil, false
	}
	return r.eraser.pseudonym(text), true
}

func (r ownRule) Distinct(text []byte) []byte { return r.eraser.pseudonym(text) }
