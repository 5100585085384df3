package fetch

import (
	"slices"
	"strings"

	"ingestd/internal/mapping"
)

// callRecordRows are call records with their trees (Graph: resource
// callRecord): participants, sessions, segments, media and streams. Elements
// of arrays are known by their place, as their ids repeat: an auto attendant
// that hands a call on leaves several sessions of one id. The deprecated
// organizer, participants and identities of endpoints have no columns.
var callRecordRows = mapping.Table("call_records",
	mapping.Key("id", "id", mapping.UUID, "call_id"),
	mapping.Col("version", "version", mapping.Int8),
	mapping.Col("type", "type", mapping.Text),
	mapping.List("modalities", "modalities"),
	mapping.Col("startDateTime", "start_at", mapping.Timestamp),
	mapping.Col("endDateTime", "end_at", mapping.Timestamp),
	mapping.Col("lastModifiedDateTime", "last_modified_at", mapping.Timestamp),
	mapping.Col("joinWebUrl", "join_web_url", mapping.Text),
	mapping.In("organizer_v2",
		mapping.Col("id", "organizer_id", mapping.ID),
		mapping.In("identity", identitySet(
			"organizer_identity_kind",
			"organizer_user_id",
			identity(
				"organizer_identity_id",
				"organizer_display_name",
				"organizer_principal_name",
				"organizer_tenant_id",
			),
		)...),
		mapping.List("administrativeUnitInfos", "organizer_administrative_unit_ids", "id")),
	mapping.Rows("participants_v2", "call_participants", "participant_index",
		mapping.Col("id", "participant_id", mapping.ID),
		mapping.In("identity", append(identitySet("identity_kind", "user_id", identityColumns),
			mapping.Col("endpointType", "identity_endpoint_type", mapping.Text))...),
		mapping.List("administrativeUnitInfos", "administrative_unit_ids", "id")),
	mapping.Rows("sessions", "sessions", "session_index",
		mapping.Col("id", "session_id", mapping.UUID),
		mapping.Col("startDateTime", "start_at", mapping.Timestamp),
		mapping.Col("endDateTime", "end_at", mapping.Timestamp),
		mapping.List("modalities", "modalities"),
		failureColumns,
		mapping.Col("isTest", "is_test", mapping.Bool),
		mapping.Side("session_endpoints", "caller", mapping.In("caller", endpointColumns...)),
		mapping.Side("session_endpoints", "callee", mapping.In("callee", endpointColumns...)),
		mapping.Rows("segments", "segments", "segment_index",
			mapping.Col("id", "segment_id", mapping.UUID),
			mapping.Col("startDateTime", "start_at", mapping.Timestamp),
			mapping.Col("endDateTime", "end_at", mapping.Timestamp),
			failureColumns,
			mapping.Side("segment_endpoints", "caller", mapping.In("caller", endpointColumns...)),
			mapping.Side("segment_endpoints", "callee", mapping.In("callee", endpointColumns...)),
			mapping.Rows("media", "segment_media", "media_index",
				mapping.Col("label", "label", mapping.Text),
				mapping.Side("media_endpoints", "caller",
					mapping.In("callerDevice", deviceColumns...), mapping.In("callerNetwork", networkColumns...)),
				mapping.Side("media_endpoints", "callee",
					mapping.In("calleeDevice", deviceColumns...), mapping.In("calleeNetwork", networkColumns...)),
				mapping.Rows("streams", "media_streams", "stream_index", streamColumns...)))),
)

// identity are the columns of one identity; tenantId and userPrincipalName
// are members that Graph serves without declaring them.
func identity(id, name, principal, tenant string) []mapping.Member {
	return []mapping.Member{
		mapping.Col("id", id, mapping.ID),
		mapping.Col("displayName", name, mapping.Text),
		mapping.Col("userPrincipalName", principal, mapping.Text),
		mapping.Col("tenantId", tenant, mapping.UUID),
	}
}

var identityColumns = identity("identity_id", "display_name", "principal_name", "identity_tenant_id")

// identitySet are the columns of a communicationsIdentitySet, which says what
// kind its one identity is of by the name it gives it.
func identitySet(kind, user string, identity []mapping.Member) []mapping.Member {
	return []mapping.Member{
		mapping.OneOf(kind, identity...),
		mapping.Derived(user, mapping.UUID, userOfSet),
	}
}

var failureColumns = mapping.In("failureInfo",
	mapping.Col("stage", "failure_stage", mapping.Text),
	mapping.Col("reason", "failure_reason", mapping.Text))

// endpointColumns are the columns of a participantEndpoint or serviceEndpoint and of
// its clientUserAgent or serviceUserAgent.
var endpointColumns = []mapping.Member{
	mapping.Derived("endpoint_type", mapping.Text, endpointType),
	mapping.In("associatedIdentity", append(
		slices.Clone(identityColumns),
		mapping.Derived("identity_kind", mapping.Text, identityKind),
		mapping.Derived(
			"user_id",
			mapping.UUID,
			func(i mapping.Value) string { return userID(identityKind(i), i) },
		),
	)...),
	mapping.Col("name", "endpoint_name", mapping.Text),
	mapping.Col("cpuName", "cpu_name", mapping.Text),
	mapping.Col("cpuCoresCount", "cpu_cores_count", mapping.Int4),
	mapping.Col("cpuProcessorSpeedInMhz", "cpu_processor_speed_in_mhz", mapping.Int4),
	mapping.In("userAgent",
		mapping.Col("headerValue", "user_agent_header", mapping.Text),
		mapping.Col("applicationVersion", "application_version", mapping.Text),
		mapping.Col("platform", "platform", mapping.Text),
		mapping.Col("productFamily", "product_family", mapping.Text),
		mapping.Col("azureADAppId", "azure_ad_app_id", mapping.UUID),
		mapping.Col("communicationServiceId", "communication_service_id", mapping.ID),
		mapping.Col("role", "service_role", mapping.Text)),
	mapping.In("feedback",
		mapping.Col("rating", "feedback_rating", mapping.Text),
		mapping.Col("text", "feedback_text", mapping.Text),
		mapping.Col("tokens", "feedback_tokens", mapping.JSON)),
}

// deviceColumns spell cpuInsufficentEventRatio as Graph does.
var deviceColumns = []mapping.Member{
	mapping.Col("captureDeviceName", "capture_device_name", mapping.IndexedText),
	mapping.Col("captureDeviceDriver", "capture_device_driver", mapping.Text),
	mapping.Col("renderDeviceName", "render_device_name", mapping.Text),
	mapping.Col("renderDeviceDriver", "render_device_driver", mapping.Text),
	mapping.Col("captureNotFunctioningEventRatio", "capture_not_functioning_event_ratio", mapping.Float8),
	mapping.Col("cpuInsufficentEventRatio", "cpu_insufficent_event_ratio", mapping.Float8),
	mapping.Col("deviceClippingEventRatio", "device_clipping_event_ratio", mapping.Float8),
	mapping.Col("deviceGlitchEventRatio", "device_glitch_event_ratio", mapping.Float8),
	mapping.Col("initialSignalLevelRootMeanSquare", "initial_signal_level_root_mean_square", mapping.Float8),
	mapping.Col("lowSpeechLevelEventRatio", "low_speech_level_event_ratio", mapping.Float8),
	mapping.Col("lowSpeechToNoiseEventRatio", "low_speech_to_noise_event_ratio", mapping.Float8),
	mapping.Col("micGlitchRate", "mic_glitch_rate", mapping.Float8),
	mapping.Col("speakerGlitchRate", "speaker_glitch_rate", mapping.Float8),
	mapping.Col("renderMuteEventRatio", "render_mute_event_ratio", mapping.Float8),
	mapping.Col("renderNotFunctioningEventRatio", "render_not_functioning_event_ratio", mapping.Float8),
	mapping.Col("renderZeroVolumeEventRatio", "render_zero_volume_event_ratio", mapping.Float8),
	mapping.Col("howlingEventCount", "howling_event_count", mapping.Int4),
	mapping.Col("receivedNoiseLevel", "received_noise_level", mapping.Int4),
	mapping.Col("receivedSignalLevel", "received_signal_level", mapping.Int4),
	mapping.Col("sentNoiseLevel", "sent_noise_level", mapping.Int4),
	mapping.Col("sentSignalLevel", "sent_signal_level", mapping.Int4),
}

// networkColumns keep MAC addresses and subnets as text: Graph serves
// placeholders of eight groups, and subnets without a length.
var networkColumns = []mapping.Member{
	mapping.Col("connectionType", "connection_type", mapping.Text),
	mapping.Col("networkTransportProtocol", "network_transport_protocol", mapping.Text),
	mapping.Col("wifiBand", "wifi_band", mapping.Text),
	mapping.Col("wifiRadioType", "wifi_radio_type", mapping.Text),
	mapping.Col("basicServiceSetIdentifier", "basic_service_set_identifier", mapping.Text),
	mapping.Col("dnsSuffix", "dns_suffix", mapping.Text),
	mapping.Col("macAddress", "mac_address", mapping.Text),
	mapping.Col("subnet", "subnet", mapping.IndexedText),
	mapping.Col("wifiMicrosoftDriver", "wifi_microsoft_driver", mapping.Text),
	mapping.Col("wifiMicrosoftDriverVersion", "wifi_microsoft_driver_version", mapping.Text),
	mapping.Col("wifiVendorDriver", "wifi_vendor_driver", mapping.Text),
	mapping.Col("wifiVendorDriverVersion", "wifi_vendor_driver_version", mapping.Text),
	mapping.Col("ipAddress", "ip_address", mapping.Inet),
	mapping.Col("reflexiveIPAddress", "reflexive_ip_address", mapping.Inet),
	mapping.Col("relayIPAddress", "relay_ip_address", mapping.Inet),
	mapping.Col("port", "port", mapping.Int4),
	mapping.Col("relayPort", "relay_port", mapping.Int4),
	mapping.Col("wifiBatteryCharge", "wifi_battery_charge", mapping.Int4),
	mapping.Col("wifiChannel", "wifi_channel", mapping.Int4),
	mapping.Col("wifiSignalStrength", "wifi_signal_strength", mapping.Int4),
	mapping.Col("linkSpeed", "link_speed", mapping.LinkSpeed),
	mapping.Col("bandwidthLowEventRatio", "bandwidth_low_event_ratio", mapping.Float8),
	mapping.Col("delayEventRatio", "delay_event_ratio", mapping.Float8),
	mapping.Col("receivedQualityEventRatio", "received_quality_event_ratio", mapping.Float8),
	mapping.Col("sentQualityEventRatio", "sent_quality_event_ratio", mapping.Float8),
	mapping.Col("traceRouteHops", "trace_route_hops", mapping.JSON),
}

var streamColumns = []mapping.Member{
	mapping.Col("streamId", "stream_id", mapping.Text),
	mapping.Col("streamDirection", "stream_direction", mapping.Text),
	mapping.Col("startDateTime", "start_at", mapping.Timestamp),
	mapping.Col("endDateTime", "end_at", mapping.Timestamp),
	mapping.Col("audioCodec", "audio_codec", mapping.Text),
	mapping.Col("videoCodec", "video_codec", mapping.Text),
	mapping.Col("packetUtilization", "packet_utilization", mapping.Int8),
	mapping.Col("averageBandwidthEstimate", "average_bandwidth_estimate", mapping.Int8),
	mapping.Col("averageJitter", "average_jitter_ms", mapping.Millis),
	mapping.Col("maxJitter", "max_jitter_ms", mapping.Millis),
	mapping.Col("averageRoundTripTime", "average_round_trip_time_ms", mapping.Millis),
	mapping.Col("maxRoundTripTime", "max_round_trip_time_ms", mapping.Millis),
	mapping.Col("averageAudioNetworkJitter", "average_audio_network_jitter_ms", mapping.Millis),
	mapping.Col("maxAudioNetworkJitter", "max_audio_network_jitter_ms", mapping.Millis),
	mapping.Col("averageFreezeDuration", "average_freeze_duration_ms", mapping.Millis),
	mapping.Col("rmsFreezeDuration", "rms_freeze_duration_ms", mapping.Millis),
	mapping.Col("averagePacketLossRate", "average_packet_loss_rate", mapping.Float8),
	mapping.Col("maxPacketLossRate", "max_packet_loss_rate", mapping.Float8),
	mapping.Col("averageAudioDegradation", "average_audio_degradation", mapping.Float8),
	mapping.Col("averageRatioOfConcealedSamples", "average_ratio_of_concealed_samples", mapping.Float8),
	mapping.Col("maxRatioOfConcealedSamples", "max_ratio_of_concealed_samples", mapping.Float8),
	mapping.Col("averageReceivedFrameRate", "average_received_frame_rate", mapping.Float8),
	mapping.Col("averageVideoFrameLossPercentage", "average_video_frame_loss_percentage", mapping.Float8),
	mapping.Col("averageVideoFrameRate", "average_video_frame_rate", mapping.Float8),
	mapping.Col("averageVideoPacketLossRate", "average_video_packet_loss_rate", mapping.Float8),
	mapping.Col(
		"postForwardErrorCorrectionPacketLossRate",
		"post_forward_error_correction_packet_loss_rate",
		mapping.Float8,
	),
	mapping.Col("lowFrameRateRatio", "low_frame_rate_ratio", mapping.Float8),
	mapping.Col("lowVideoProcessingCapabilityRatio", "low_video_processing_capability_ratio", mapping.Float8),
	mapping.Col("isAudioForwardErrorCorrectionUsed", "is_audio_forward_error_correction_used", mapping.Bool),
	mapping.Col("wasMediaBypassed", "was_media_bypassed", mapping.Bool),
}

// endpointType reads participant, service or other out of an endpoint's
// @odata.type; copies of records that lost it show a participant by members
// that only a participantEndpoint has.
func endpointType(endpoint mapping.Value) string {
	switch odataType(endpoint) {
	case "participantendpoint":
		return "participant"
	case "serviceendpoint":
		return "service"
	case "":
		for _, name := range []string{"associatedIdentity", "identity", "name", "cpuName", "feedback"} {
			switch string(endpoint.Member(name).Raw()) {
			case "", "null", `""`:
			default:
				return "participant"
			}
		}
	}
	return "other"
}

// identityKinds are the kinds that identity types stand for, by the names that
// identity sets give them.
var identityKinds = map[string]string{
	"useridentity":                              "user",
	"communicationsuseridentity":                "user",
	"communicationsguestidentity":               "guest",
	"communicationsphoneidentity":               "phone",
	"communicationsencryptedidentity":           "encrypted",
	"communicationsapplicationidentity":         "application",
	"communicationsapplicationinstanceidentity": "applicationInstance",
	"azurecommunicationservicesuseridentity":    "azureCommunicationServicesUser",
}

// identityKind returns the kind of an identity outside of an identity set:
// by its type, else by the form of its id.
func identityKind(identity mapping.Value) string {
	if kind := identityKinds[odataType(identity)]; kind != "" {
		return kind
	}
	switch id, _ := identity.Member("id").Text(); {
	case strings.HasPrefix(id, "teamsvisitor:"):
		return "guest"
	case strings.HasPrefix(id, "+"):
		return "phone"
	case isGUID(id):
		return "user"
	}
	return ""
}

// userID returns the Entra object id of a user. Guests have none: their ids,
// "teamsvisitor:" and hexadecimal digits, are no GUIDs.
func userID(kind string, identity mapping.Value) string {
	if kind != "user" {
		return ""
	}
	id, _ := identity.Member("id").Text()
	return id
}

// userOfSet returns the Entra object id of an identity set's user, unless the
// set names others besides.
func userOfSet(set mapping.Value) string {
	named := 0
	for _, member := range set.Members() {
		if member.Kind() == '{' {
			named++
		}
	}
	if named != 1 {
		return ""
	}
	return userID("user", set.Member("user"))
}

// odataType returns the last part of an object's type in lower case, as Graph
// writes types with and without "#" and in either case.
func odataType(object mapping.Value) string {
	text, _ := object.Member("@odata.type").Text()
	return strings.ToLower(text[strings.LastIndexByte(text, '.')+1:])
}

func isGUID(text string) bool { return mapping.IsGUID([]byte(text)) }
