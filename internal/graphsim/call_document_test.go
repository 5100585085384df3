package graphsim

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// The published properties of each type of a call record, with the type of
// those that are objects or arrays of them (schema of
// microsoft.graph.callRecords; the identity keys that no schema names are
// those of the published examples).
var recordSchema = map[string]string{
	"callRecord": "id version type modalities lastModifiedDateTime startDateTime endDateTime joinWebUrl " +
		"organizer_v2:participant participants_v2:participant sessions:session",
	"participant":            "id identity:identitySet administrativeUnitInfos:administrativeUnitInfo",
	"administrativeUnitInfo": "id",
	"identitySet": "acsUser:identity spoolUser:identity phone:identity guest:identity encrypted:identity " +
		"onPremises:identity acsApplicationInstance:identity spoolApplicationInstance:identity " +
		"applicationInstance:identity application:identity device:identity user:identity",
	"identity": "id displayName tenantId userPrincipalName",
	"session": "id modalities startDateTime endDateTime isTest failureInfo:failureInfo caller:endpoint " +
		"callee:endpoint segments:segment",
	"segment": "id startDateTime endDateTime failureInfo:failureInfo caller:endpoint callee:endpoint media:media",
	"endpoint": "userAgent:userAgent associatedIdentity:identity cpuCoresCount cpuName cpuProcessorSpeedInMhz " +
		"feedback:userFeedback name",
	"userAgent": "applicationVersion headerValue azureADAppId communicationServiceId platform productFamily " +
		"role",
	"failureInfo":      "reason stage",
	"userFeedback":     "rating text tokens:feedbackTokenSet",
	"feedbackTokenSet": "NoSound OtherNoSound Echo Noisy LowVolume Stopped DistortedSound Interruptions",
	"media": "calleeDevice:deviceInfo calleeNetwork:networkInfo callerDevice:deviceInfo callerNetwork:networkInfo " +
		"label streams:mediaStream",
	"mediaStream": "audioCodec averageAudioDegradation averageAudioNetworkJitter averageBandwidthEstimate " +
		"averageFreezeDuration averageJitter averagePacketLossRate averageRatioOfConcealedSamples " +
		"averageReceivedFrameRate averageRoundTripTime averageVideoFrameLossPercentage averageVideoFrameRate " +
		"averageVideoPacketLossRate endDateTime isAudioForwardErrorCorrectionUsed lowFrameRateRatio " +
		"lowVideoProcessingCapabilityRatio maxAudioNetworkJitter maxJitter maxPacketLossRate " +
		"maxRatioOfConcealedSamples maxRoundTripTime packetUtilization postForwardErrorCorrectionPacketLossRate " +
		"rmsFreezeDuration startDateTime streamDirection streamId videoCodec wasMediaBypassed",
	"networkInfo": "bandwidthLowEventRatio basicServiceSetIdentifier connectionType delayEventRatio dnsSuffix " +
		"ipAddress linkSpeed macAddress networkTransportProtocol port receivedQualityEventRatio " +
		"reflexiveIPAddress relayIPAddress relayPort sentQualityEventRatio subnet traceRouteHops:traceRouteHop " +
		"wifiBand wifiBatteryCharge wifiChannel wifiMicrosoftDriver wifiMicrosoftDriverVersion wifiRadioType " +
		"wifiSignalStrength wifiVendorDriver wifiVendorDriverVersion",
	"deviceInfo": "captureDeviceDriver captureDeviceName captureNotFunctioningEventRatio cpuInsufficentEventRatio " +
		"deviceClippingEventRatio deviceGlitchEventRatio howlingEventCount initialSignalLevelRootMeanSquare " +
		"lowSpeechLevelEventRatio lowSpeechToNoiseEventRatio micGlitchRate receivedNoiseLevel receivedSignalLevel " +
		"renderDeviceDriver renderDeviceName renderMuteEventRatio renderNotFunctioningEventRatio " +
		"renderZeroVolumeEventRatio sentNoiseLevel sentSignalLevel speakerGlitchRate",
	"traceRouteHop": "hopCount ipAddress roundTripTime",
}

// neverServed are the keys of identity sets that nobody of the company has.
var neverServed = strings.Fields(
	"spoolUser encrypted onPremises acsApplicationInstance spoolApplicationInstance application device",
)

// conformance looks at documents member by member.
type conformance struct {
	*testing.T
	types map[string]map[string]string // of the members of a type, "" for what is no object
	seen  map[string]bool              // "type.member" that had a value
}

func newConformance(t *testing.T) conformance {
	c := conformance{t, make(map[string]map[string]string), make(map[string]bool)}
	for name, list := range recordSchema {
		c.types[name] = make(map[string]string)
		for member := range strings.FieldsSeq(list) {
			member, kind, _ := strings.Cut(member, ":")
			c.types[name][member] = kind
		}
	}
	return c
}

func (c conformance) check(kind string, value any) {
	c.Helper()
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			c.check(kind, element)
		}
	case map[string]any:
		for name, inner := range value {
			of, known := c.types[kind][name]
			if name == "@odata.type" {
				if text, _ := inner.(string); !strings.HasPrefix(text, "#microsoft.graph.") {
					c.Fatalf("%s is a %v", kind, inner)
				}
				continue
			}
			if !known {
				c.Fatalf("%s has %q, which is not published", kind, name)
			}
			c.seen[kind+"."+name] = c.seen[kind+"."+name] || inner != nil
			c.check(of, inner)
		}
	default:
		if kind != "" && value != nil {
			c.Fatalf("a %s is %v", kind, value)
		}
	}
}

func TestDocumentsHaveThePublishedMembers(t *testing.T) {
	t.Parallel()
	a, c := start(t, Config{RecordsPerDay: 60}), newConformance(t)
	for record := range a.CallRecords(noon.AddDate(0, 0, -10), noon.AddDate(0, 0, -3)) {
		var document any
		if err := json.Unmarshal(record, &document); err != nil {
			t.Fatalf("%v: %.300s", err, record)
		}
		c.check("callRecord", document)
	}
	for kind, members := range c.types {
		for name := range members {
			if !c.seen[kind+"."+name] && !slices.Contains(neverServed, name) {
				t.Errorf("%s of a %s never has a value", name, kind)
			}
		}
	}
}

// What happens to real calls happens to those of a week.
func TestDocumentsAreVaried(t *testing.T) {
	t.Parallel()
	a := start(t, Config{RecordsPerDay: 100})
	found := make(map[string]int)
	for record := range a.CallRecords(noon.AddDate(0, 0, -10), noon.AddDate(0, 0, -3)) {
		text := string(record)
		for _, want := range []string{
			`"type":"peerToPeer"`, `"type":"groupCall"`, `"type":"unknown"`, `"stage":"callSetup"`, `"stage":"midcall"`,
			`"isTest":true`, `"teamsvisitor:`, `"phone":{"id":"+`, `***"`, `"guest":{`, `"applicationInstance":{`,
			`"acsUser":{`, `"role":"skypeForBusinessAutoAttendant"`, `"role":"skypeForBusinessCallQueues"`,
			`"role":"voicemail"`, `"role":"gateway"`, `"tokens":{`, `"main-video"`, `"applicationsharing-video"`,
			`"hopCount"`, `"connectionType":"wifi"`, `"connectionType":"wired"`, `"connectionType":"tunnel"`,
			`"connectionType":"unknown"`, `"networkTransportProtocol":"quic"`, `"platform":"visionOS"`,
			`"unknownFutureValue"`, `"azureCommunicationServices"`, `"linkSpeed":4294967295`, `"linkSpeed":null`,
			`"02:00:00:00:00:00"`, `"00-00-00-00-00-00"`, `"00-00-00-00-00-00-00-00"`, `"captureDeviceName":""`,
			`"dnsSuffix":""`, `"dnsSuffix":null`, `"headerValue":""`, `"callerDevice":null`, `"media":[]`,
			`"wasMediaBypassed":true`, `"joinWebUrl":"https:`, `"joinWebUrl":null`, `"displayName":null`,
		} {
			if strings.Contains(text, want) {
				found[want]++
			} else {
				found[want] += 0
			}
		}
	}
	for want, n := range found {
		if n == 0 {
			t.Errorf("no record has %s", want)
		}
	}
}

// tree is what tests look at of a document.
type tree struct {
	recordBody
	Sessions []struct {
		ID         string
		Modalities []string
		Segments   []struct {
			ID             string
			Caller, Callee json.RawMessage
			Media          []struct {
				Streams []struct{ StreamDirection string }
			}
		}
		Caller, Callee json.RawMessage
	}
}

func TestIDsWithinADocument(t *testing.T) {
	t.Parallel()
	a := start(t, Config{RecordsPerDay: 100})
	repeated, legs, different := 0, 0, 0
	for record := range a.CallRecords(noon.AddDate(0, 0, -10), noon.AddDate(0, 0, -3)) {
		var r tree
		if err := json.Unmarshal(record, &r); err != nil {
			t.Fatal(err)
		}
		ids, modalities := make(map[string]bool), make(map[string]bool)
		for _, s := range r.Sessions {
			if ids[s.ID] {
				repeated++
			}
			if r.Type == "peerToPeer" && (s.ID != r.ID || s.Segments[0].ID != r.ID) {
				t.Fatalf("%s: session %s, segment %s", r.ID, s.ID, s.Segments[0].ID)
			}
			if len(s.Segments) > 1 {
				legs++
			}
			if string(s.Caller) != string(s.Segments[0].Caller) {
				different++
			}
			ids[s.ID] = true
			for _, m := range s.Modalities {
				modalities[m] = true
			}
		}
		if len(modalities) != len(r.Modalities) {
			t.Fatalf("%s: modalities %v, those of its sessions %v", r.ID, r.Modalities, modalities)
		}
	}
	if repeated == 0 || legs == 0 || different == 0 {
		t.Errorf(
			"%d session ids twice in a record, %d sessions of several segments, %d segments with other endpoints",
			repeated,
			legs,
			different,
		)
	}
}

func TestSizeOfTheDefaultTenant(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	n, connections, bytes := 0, 0, 0
	for _, d := range a.records.listed(a.Server.window("v1.0", noon.AddDate(0, 0, -31), noon)) {
		if n++; n%10 == 0 {
			bytes += 10 * len(whole(d))
		}
		connections += d.relation(sessions).size
	}
	if n < 4500 || n > 5500 || connections < 4*n || connections > 5*n || bytes/n < 20_000 || bytes/n > 32_000 {
		t.Errorf("%d records of %.1f sessions and %d bytes", n, float64(connections)/float64(n), bytes/n)
	}
}

func TestThousandPeopleMeet(t *testing.T) {
	t.Parallel()
	for name, now := range starts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, Config{Now: at(now), RecordsPerDay: 100})
			var found []document
			for _, d := range a.records.listed(a.Server.window("v1.0", now.AddDate(0, 0, -31), now)) {
				if d.relation(sessions).size == 1200 && d.relation(participants).size == 1000 {
					found = append(found, d)
				}
			}
			if len(found) != 1 {
				t.Fatalf("%d of them", len(found))
			}
			if age := now.Sub(timeOf(found[0].startTicks())); age < 24*time.Hour || age > 7*24*time.Hour {
				t.Errorf("%v before Start", age)
			}
		})
	}
}

func TestNoCallRecordsWhereNoneAreWanted(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{"no calls": {CallsPerDay: -1}, "no records": {RecordsPerDay: -1},
		"too short a history": {History: 24 * time.Hour}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, cfg)
			from, to := noon.AddDate(0, 0, -31), noon.AddDate(0, 0, -1).Truncate(24*time.Hour)
			for record := range a.CallRecords(from, to.Add(-tick)) {
				t.Fatalf("%.300s", record)
			}
		})
	}
	a := start(t, Config{CallsPerDay: -1, RecordsPerDay: 20})
	if n := len(texts(a.CallRecords(noon.AddDate(0, 0, -31), noon))); n < 300 {
		t.Errorf("%d records besides no calls", n)
	}
}

func TestSameSeedSameCallRecords(t *testing.T) {
	t.Parallel()
	a := start(t, Config{Seed: 7, RecordsPerDay: 40})
	b := start(t, Config{Seed: 7, RecordsPerDay: 40, Now: at(noon.AddDate(0, 0, 10)), History: 40 * 24 * time.Hour})
	other := start(t, Config{Seed: 8, RecordsPerDay: 40})
	from, to := noon.AddDate(0, 0, -18), noon.AddDate(0, 0, -12)
	want := texts(a.CallRecords(from, to))
	if len(want) < 100 || !slices.Equal(want, texts(b.CallRecords(from, to))) {
		t.Errorf("%d records, others on another day", len(want))
	}
	if slices.Equal(want, texts(other.CallRecords(from, to))) {
		t.Error("another seed serves the same records")
	}
}

// townHall is the meeting of the stories.
func townHall(tb testing.TB, a *app) recordBody {
	tb.Helper()
	for _, d := range a.records.listed(a.Server.window("v1.0", noon.AddDate(0, 0, -7), noon)) {
		if d.relation(sessions).size == townHallSessions {
			return decodeRecord(tb, whole(d))
		}
	}
	tb.Fatal("no town hall")
	return recordBody{}
}
