package graphsim

import (
	"regexp"
	"slices"
	"testing"
	"time"
)

const (
	aTime    = `"2026-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?Z"`
	aGUID    = `"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"`
	aNumber  = `"(\+\d{5,15}\*{0,4}|[A-Z][A-Za-z ]+|)"`
	aCountry = `"[A-Z]{2}"`
	aContext = `"(Domestic|International)"`
	aMoney   = `\d+\.\d\d[1-9]?`
	aUPN     = `"[a-z]+\.[a-z]+\d+@contoso\.example"`
	units    = `\[(\{"id":"[0-9a-f-]{36}"\})?\]`
)

// The members of the other row types, as those of pstnCallLogRow.
var (
	directMembers = map[string]string{
		"calleeNumber":     aNumber + `|"112"`,
		"callEndSubReason": `0|\d{4,6}`,
		"callerNumber":     aNumber,
		"callType": `"(Byot(In|InUcap|Out|OutUserForwarding|OutUserTransfer|OutUserConf)|` +
			`[dD]r_[iI]n|dr_out|dr_out_ucap|dr_emergency_out)"`,
		"correlationId":                 aGUID,
		"duration":                      `\d+`,
		"endDateTime":                   aTime + `|"0001-01-01T00:00:00Z"`,
		"failureDateTime":               aTime + `|"0001-01-01T00:00:00Z"`,
		"finalSipCode":                  `0|[456]\d\d`,
		"finalSipCodePhrase":            `"[A-Za-z -]+"`,
		"id":                            aGUID,
		"inviteDateTime":                aTime,
		"mediaBypassEnabled":            `true|false`,
		"mediaPathLocation":             `"[A-Z]{4}"|null`,
		"signalingLocation":             `"[A-Z]{4}"`,
		"startDateTime":                 aTime,
		"successfulCall":                `true|false`,
		"trunkFullyQualifiedDomainName": `"sbc[12]\.[a-z]+\.contoso\.example"`,
		"userDisplayName":               `".*"|null`,
		"userId":                        aGUID + `|""|null`,
		"userPrincipalName":             aUPN + `|""|null`,
	}
	directBetaMembers = map[string]string{
		"administrativeUnitInfos": units,
		"otherPartyCountryCode":   aCountry,
		"transferorCorrelationId": aGUID + `|null`,
		"userCountryCode":         aCountry,
	}
	smsMembers = map[string]string{
		"administrativeUnitInfos": units,
		"callCharge":              aMoney,
		"currency":                `"[A-Z]{3}"|null`,
		"destinationContext":      aContext,
		"destinationName":         `"[A-Z][A-Za-z ]+"`,
		"destinationNumber":       aNumber,
		"id":                      aGUID + `|null`,
		"licenseCapability":       `"MCOSMS1"|null`,
		"otherPartyCountryCode":   aCountry,
		"sentDateTime":            aTime,
		"smsId":                   aGUID,
		"smsType":                 `"sms_(in|out)"`,
		"smsUnits":                `[1-4]`,
		"sourceNumber":            aNumber,
		"tenantCountryCode":       `"US"`,
		"userCountryCode":         aCountry,
		"userDisplayName":         `".+"`,
		"userId":                  aGUID,
		"userPrincipalName":       aUPN,
	}
	blockedMembers = map[string]string{
		"blockDateTime":       aTime,
		"blockReason":         `"[A-Z][A-Za-z ]+"`,
		"remediationId":       aGUID,
		"userBlockMode":       `"[bB]locked"|"[uU]nblocked"`,
		"userDisplayName":     `".+"`,
		"userId":              aGUID,
		"userPrincipalName":   aUPN,
		"userTelephoneNumber": `"\+\d{6,15}"`,
	}
	dialoutMembers = map[string]string{
		"currency":           `"[A-Z]{3}"|null`,
		"destinationContext": aContext,
		"totalCallCharge":    aMoney,
		"totalCalls":         `[1-9]\d*`,
		"totalCallSeconds":   `\d+`,
		"usageLocation":      aCountry,
		"userDisplayName":    `".+"`,
		"userId":             aGUID,
		"userPrincipalName":  aUPN,
	}
)

// functions under test, with what they serve.
var functions = []struct {
	name, version, rowType string
	members, more          map[string]string // more: of the beta version only
}{
	{"getPstnCalls", "v1.0", "pstnCallLogRow", pstnMembers, nil},
	{"getPstnCalls", "beta", "pstnCallLogRow", pstnMembers, pstnBetaMembers},
	{"getDirectRoutingCalls", "v1.0", "directRoutingLogRow", directMembers, nil},
	{"getDirectRoutingCalls", "beta", "directRoutingLogRow", directMembers, directBetaMembers},
	{"getSmsLog", "beta", "smsLogRow", smsMembers, nil},
	{"getPstnBlockedUsersLog", "beta", "pstnBlockedUsersLogRow", blockedMembers, nil},
	{"getPstnOnlineMeetingDialoutReport", "beta", "pstnOnlineMeetingDialoutReport", dialoutMembers, nil},
}

func TestEveryRowHasTheDocumentedMembers(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	for _, f := range functions {
		t.Run(f.name+" "+f.version, func(t *testing.T) {
			t.Parallel()
			shapes := make(map[string]*regexp.Regexp)
			for _, members := range []map[string]string{f.members, f.more} {
				for name, shape := range members {
					shapes[name] = regexp.MustCompile(`^(` + shape + `)$`)
				}
			}
			from, to := noon.AddDate(0, 0, -6), noon
			if f.rowType == "pstnBlockedUsersLogRow" {
				from = noon.AddDate(0, 0, -60)
			}
			rows, _ := a.read(t, a.url(f.name, f.version, from.Format(time.RFC3339), to.Format(time.RFC3339)))
			if len(rows) < 20 {
				t.Errorf("%d rows", len(rows))
			}
			for _, row := range rows {
				checkMembers(t, shapes, row)
			}
		})
	}
}

// Each member that may be null is, in some row; the id of a message may also
// be absent.
func TestNullIsServedWhereItMayBe(t *testing.T) {
	t.Parallel()
	a := start(t, Config{Seed: 1, CallsPerDay: 2500})
	for _, f := range functions {
		var mayBe []string
		for _, members := range []map[string]string{f.members, f.more} {
			for name, shape := range members {
				if regexp.MustCompile(`(^|\|)null$`).MatchString(shape) && shape != "null" {
					mayBe = append(mayBe, name)
				}
			}
		}
		isNull := make(map[string]bool)
		for row := range a.Rows(f.name, f.version, noon.AddDate(0, 0, -3), noon) {
			for name, value := range object(t, string(row)) {
				isNull[name] = isNull[name] || string(value) == "null"
			}
		}
		for _, name := range slices.Sorted(slices.Values(mayBe)) {
			if !isNull[name] {
				t.Errorf("%s %s: %s is never null", f.name, f.version, name)
			}
		}
	}
}
