package graphsim

// badHeadset crackles, whoever wears it.
const badHeadset = "Headset (Example Bargain 10)"

// headsets are what people speak into, with the driver.
var headsets = [][2]string{
	{"Headset (Example Evolve 65)", "Microsoft: 10.0.26100.1"},
	{"Headset (Example Voyager Focus 2)", "Microsoft: 10.0.26100.1"},
	{"Microphone Array (Example Smart Sound Technology)", "Example: 10.29.0.9677"},
	{"Speakerphone (Example Speak 510)", "Microsoft: 10.0.22621.1"},
	{"Default input device", ""},
	{badHeadset, "Example: 3.1.0.7"},
	{"", ""}, // served as an empty text
}

// levels of sound, in the order of their members.
var deviceRatios = []string{"captureNotFunctioningEventRatio", "cpuInsufficentEventRatio", "deviceClippingEventRatio",
	"deviceGlitchEventRatio", "lowSpeechLevelEventRatio", "lowSpeechToNoiseEventRatio", "renderMuteEventRatio",
	"renderNotFunctioningEventRatio", "renderZeroVolumeEventRatio"}

// device is there for audio, and where a client said which.
func (p *pen) device(name string, s *session, e *side, modality string) {
	if e.party == nil || modality != "audio" || !e.measured(s) {
		p.null(name)
		return
	}
	p.object(name, func() { p.clientDevice(e.dice(ofDevice)) })
}

func (p *pen) clientDevice(d dice) {
	headset := headsets[d.IntN(len(headsets))]
	if headset[0] == badHeadset {
		d.trouble *= 12
	}
	for _, use := range []string{"capture", "render"} {
		p.raw(use+"DeviceName", string(quote(headset[0])))
		p.text(use+"DeviceDriver", headset[1])
	}
	p.int("receivedSignalLevel", -8-d.Int64N(25))
	p.int("receivedNoiseLevel", -50-d.Int64N(45))
	p.int("sentSignalLevel", -8-d.Int64N(25))
	p.int("sentNoiseLevel", -50-d.Int64N(45))
	p.number("initialSignalLevelRootMeanSquare", d.Float64()*200)
	p.number("micGlitchRate", float64(int(d.ExpFloat64()*d.trouble*3)))
	p.number("speakerGlitchRate", float64(int(d.ExpFloat64()*d.trouble*3)))
	p.int("howlingEventCount", int64(d.IntN(40)/39))
	for _, name := range deviceRatios {
		p.number(name, d.ratio(0.01))
	}
}
