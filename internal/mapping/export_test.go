package mapping

// JSONOf renders a stored value for the tests of package mapping_test.
func JSONOf(t Type, value []byte) []byte {
	if t.OID == textArray.OID {
		return listJSON(nil, value, nil)
	}
	return t.json(nil, value)
}
