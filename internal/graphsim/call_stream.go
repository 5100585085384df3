package graphsim

import (
	"strconv"
	"time"
)

// What a stream has measured, by its modality.
var (
	audioMembers = []string{
		"averageAudioDegradation",
		"averageJitter",
		"maxJitter",
		"averageAudioNetworkJitter",
		"maxAudioNetworkJitter",
		"averageRatioOfConcealedSamples",
		"maxRatioOfConcealedSamples",
		"isAudioForwardErrorCorrectionUsed",
	}
	videoMembers = []string{
		"averageFreezeDuration",
		"rmsFreezeDuration",
		"averageReceivedFrameRate",
		"averageVideoFrameRate",
		"averageVideoFrameLossPercentage",
		"averageVideoPacketLossRate",
		"postForwardErrorCorrectionPacketLossRate",
		"lowFrameRateRatio",
		"lowVideoProcessingCapabilityRatio",
	}
	pathMembers = []string{
		"averagePacketLossRate",
		"maxPacketLossRate",
		"averageRoundTripTime",
		"maxRoundTripTime",
		"averageBandwidthEstimate",
	}
)

// stream writes one of the two directions. Who receives it measures.
func (p *pen) stream(s *session, l *leg, modality string, i int) {
	direction, receiver := "callerToCallee", &l.callee
	if i == 1 {
		direction, receiver = "calleeToCaller", &l.caller
	}
	d := receiver.dice(ofStreams + uint64(len(modality)))
	d.trouble *= 1 + max(l.caller.strain, l.callee.strain)
	p.element(func() {
		p.text("streamId", strconv.FormatUint(uint64(d.Uint32()), 10))
		p.text("streamDirection", direction)
		p.codecs(modality, l.sip)
		if l.sip {
			p.time("startDateTime", s.start)
			p.time("endDateTime", s.end)
			p.bool("wasMediaBypassed", l.id[0]%4 == 0)
		} else {
			p.null("startDateTime", "endDateTime", "wasMediaBypassed")
		}
		p.int("packetUtilization", (s.end-s.start)/second*(20+d.Int64N(30)))
		p.measurements(receiver.measured(s), modality, d)
	})
}

func (p *pen) codecs(modality string, sip bool) {
	switch {
	case sip:
		p.text("audioCodec", "pcmu")
	case modality == "audio":
		p.text("audioCodec", "satin")
	default:
		p.null("audioCodec")
		p.text("videoCodec", "h264")
		return
	}
	p.null("videoCodec")
}

func (p *pen) measurements(measured bool, modality string, d dice) {
	if !measured {
		p.null(pathMembers...)
		p.null(audioMembers...)
		p.null(videoMembers...)
		return
	}
	p.path(d)
	if modality == "audio" {
		p.heard(d)
		p.null(videoMembers...)
		return
	}
	p.null(audioMembers...)
	p.seen(d)
}

func (p *pen) path(d dice) {
	loss, trip := d.ratio(0.003), 8*time.Millisecond+d.duration(30*time.Millisecond)
	p.number("averagePacketLossRate", loss)
	p.number("maxPacketLossRate", min(loss*(2+d.Float64()*8), 1))
	p.duration("averageRoundTripTime", trip)
	p.duration("maxRoundTripTime", trip+d.duration(60*time.Millisecond))
	p.int("averageBandwidthEstimate", 500_000+d.Int64N(20_000_000))
}

func (p *pen) heard(d dice) {
	jitter, concealed := d.duration(5*time.Millisecond), d.ratio(0.01)
	p.number("averageAudioDegradation", min(d.ExpFloat64()*d.trouble*0.1, 4))
	p.duration("averageJitter", jitter)
	p.duration("maxJitter", jitter+d.duration(15*time.Millisecond))
	p.duration("averageAudioNetworkJitter", jitter+d.duration(8*time.Millisecond))
	p.duration("maxAudioNetworkJitter", jitter+d.duration(40*time.Millisecond))
	p.number("averageRatioOfConcealedSamples", concealed)
	p.number("maxRatioOfConcealedSamples", min(concealed*3, 1))
	p.bool("isAudioForwardErrorCorrectionUsed", d.trouble > 1)
}

func (p *pen) seen(d dice) {
	p.duration("averageFreezeDuration", d.duration(20*time.Millisecond))
	p.duration("rmsFreezeDuration", d.duration(40*time.Millisecond))
	p.number("averageReceivedFrameRate", max(30-d.trouble*d.Float64()*3, 1))
	p.number("averageVideoFrameRate", max(30-d.trouble*d.Float64()*3, 1))
	p.number("averageVideoFrameLossPercentage", min(d.ratio(0.02)*100, 100))
	p.number("averageVideoPacketLossRate", d.ratio(0.003))
	p.number("postForwardErrorCorrectionPacketLossRate", d.ratio(0.001))
	p.number("lowFrameRateRatio", d.ratio(0.02))
	p.number("lowVideoProcessingCapabilityRatio", d.ratio(0.02))
}
