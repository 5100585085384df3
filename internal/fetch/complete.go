package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ingestd/internal/mapping"
)

// Answers are read leniently, but for the few members that decide whether one is complete: where the elements are,
// whether more pages follow, and which version of which record it is. A reader that guesses there loses rows in
// silence, so an answer that leaves room for a guess is unreadable.

// members returns the values of the named members, absent ones as zero Values. It refuses a name that comes twice, and
// one that only a lenient reader takes for it: with escapes, or in another case.
func members(object mapping.Value, names ...string) ([]mapping.Value, error) {
	found := make([]mapping.Value, len(names))
	for name, value := range object.Members() {
		text, _ := name.Text()
		i := slices.IndexFunc(names, func(known string) bool { return strings.EqualFold(known, text) })
		switch {
		case i < 0:
		case string(name.Raw()) != `"`+names[i]+`"`:
			return nil, fmt.Errorf("a member that is named almost as %q", names[i])
		case found[i].Kind() != 0:
			return nil, fmt.Errorf("two members %q", names[i])
		default:
			found[i] = value
		}
	}
	return found, nil
}

// nextLink returns the link to the next page, or "" where the object has none. Its name varies in case and in what
// stands before "@odata.nextLink"; for an array inside of the object that is the array's name. Graph leaves it out on a
// last page, so null and an empty text are refused as any other value is.
func nextLink(object mapping.Value, array string) (link string, err error) {
	for name, value := range object.Members() {
		if !likeLink(name) {
			continue
		}
		of, isLink := cutLink(name)
		text, _ := value.Text()
		switch {
		case !isLink || array != "" && of != "" && !strings.EqualFold(of, array):
			return "", errors.New("a link to pages of what was not asked for")
		case text == "":
			return "", errors.New("a link to a next page that is no text")
		case link != "":
			return "", errors.New("more than one link to a next page")
		}
		link = text
	}
	return link, nil
}

// wholeElements refuses a link to a next page inside of an element. Nobody knows to follow it, so what is behind it
// would be missing.
func wholeElements(array mapping.Value) error {
	for element := range array.Elements() {
		if linksOn(element) {
			return errors.New("a link to a next page inside of an element, which nobody knows to follow")
		}
	}
	return nil
}

// linksOn reports whether an object, or one inside of it, links to a page.
func linksOn(value mapping.Value) bool {
	switch value.Kind() {
	case '{':
		for name, inner := range value.Members() {
			if likeLink(name) || linksOn(inner) {
				return true
			}
		}
	case '[':
		for element := range value.Elements() {
			if linksOn(element) {
				return true
			}
		}
	}
	return false
}

var linkName = []byte("nextLink")

// likeLink reports whether a member's name ends like that of a link to a next page, in any case and with any escapes.
func likeLink(name mapping.Value) bool {
	raw := name.Raw()
	if bytes.IndexByte(raw, '\\') >= 0 {
		text, _ := name.Text()
		raw = []byte(`"` + text + `"`)
	}
	raw = raw[:len(raw)-1]
	return len(raw) > len(linkName) && bytes.EqualFold(raw[len(raw)-len(linkName):], linkName)
}

// cutLink returns what stands before "@odata.nextLink"; false for another name, and for one with escapes.
func cutLink(name mapping.Value) (of string, ok bool) {
	const link = "@odata.nextLink"
	raw := strings.Trim(string(name.Raw()), `"`)
	at := len(raw) - len(link)
	if at < 0 || strings.Contains(raw, `\`) || !strings.EqualFold(raw[at:], link) {
		return "", false
	}
	return raw[:at], true
}
