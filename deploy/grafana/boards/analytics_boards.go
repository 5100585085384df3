package boards

// All are the dashboards. Each is in a file by its name.
func All() map[string]Board {
	return map[string]Board{
		"ingestion": ingestion(), "volume": volume(), "quality": quality(), "direct-routing": directRouting(),
		"pstn-cost": pstnCost(), "missed-calls": missedCalls(),
	}
}

// volume is how much is called.
func volume() Board {
	return analyticsBoard("volume", "Volume", nil,
		figure("Calls", 8, "Telephone calls, answered or not.", "locale", "volume/calls"),
		figure("Answered", 8, "Share of them that was answered.", "percent", "volume/answered"),
		figure("Talked", 8, "Time on the phone.", "s", "volume/minutes"),
		bucketBars("Telephone calls by hour", 24, "Attempts by who provides the number.", "short", "volume/hourly"),
		heat("Telephone calls by weekday and hour", 24, "Attempts in that hour of an average week.",
			"volume/weekday_hour"),
		bucketBars("Calls and meetings", 12, "Call records by day.", "short", "volume/meetings"),
		bucketBars("Missed calls", 12, "By day.", "short", "volume/missed"),
	)
}

// quality is how calls sound, and whether they hold.
func quality() Board {
	target := points("quality/poor_target")
	failedTarget := points("quality/failed_target")
	return analyticsBoard("quality", "Quality", nil,
		bucketLines("Poor streams", 12, "Of those that can be told; red: the targets for audio.", "percent",
			"quality/poor", target).against(),
		bucketLines("Failed and dropped", 12, "Share of segments, expected failures among them, as when a caller "+
			"hangs up. Red: the targets.", "percent", "quality/failed", failedTarget).against(),
		lines("Delay of audio", 12, "Half of the streams are below p50, 95 of 100 below p95.", "ms",
			points("quality/delay")),
		lines("Packet loss of audio", 12, "The same.", "percent", points("quality/loss")),
		sheet("Worst networks", 24, "Of audio, with 100 streams or more.", "quality/subnets"),
		sheet("Worst microphones", 12, "With 100 streams or more, by how often they crackle.", "quality/devices"),
		sheet("Worst clients", 12, "With 100 streams or more.", "quality/clients"),
		bucketBars("Ratings", 24, "Given by people after calls.", "short", "quality/ratings"),
	)
}

// directRouting is how the trunks do.
func directRouting() Board {
	bucket := object{
		"name": "bucket", "label": "By", "type": "custom", "query": "hour,day,week",
		"current": object{"text": "day", "value": "day"},
	}
	return analyticsBoard("direct-routing", "Direct Routing", variables{bucket},
		bucketLines("Answered (ASR)", 12, "Share of attempts, where there are 20 or more.", "percent",
			"direct_routing/asr"),
		bucketLines("Delivered (NER)", 12, "Share of attempts that reached the other side, were it busy or not there.",
			"percent", "direct_routing/ner"),
		bucketBars("Failed in the network", 12, "Attempts by trunk.", "short", "direct_routing/failed"),
		bucketLines("Calls at a time", 12, "The most at any time, by trunk.", "short", "direct_routing/concurrent"),
		sheet("Failures", 24, "But for those that the other side decided: busy, no answer, declined.",
			"direct_routing/failures"),
		bucketLines("Time until the answer", 24, "Of calls going out; the mean of the hours' percentiles.", "s",
			"direct_routing/delay"),
	)
}

// pstnCost is what telephone calls cost.
func pstnCost() Board {
	return analyticsBoard("pstn-cost", "PSTN cost", nil,
		figures("This month", 12, "Of the month in which the time range ends, by currency.", "currency", "cost",
			"pstn_cost/month"),
		figures("Forecast", 12, "The same for the whole month, if every day costs what the final ones did.",
			"currency", "cost", "pstn_cost/forecast"),
		bucketBars("Cost by day", 24, "Currencies are stacked, not added up: choose one in the legend.", "short",
			"pstn_cost/daily"),
		sheet("Destinations", 12, "Calls going out.", "pstn_cost/destinations"),
		sheet("People", 12, "Of whole months.", "pstn_cost/users"),
		sheet("Pools of minutes", 12, "Of whole months. Pools are what ref.license_pools says.", "pstn_cost/pools"),
		sheet("Dial-out: report against log", 12, "Microsoft's report of what conferences cost, and the log.",
			"pstn_cost/dialout"),
		sheet("Signs of fraud", 24, "What the rules F1 to F6 found.", "pstn_cost/fraud"),
	)
}

// missedCalls is who is not reached.
func missedCalls() Board {
	return analyticsBoard("missed-calls", "Missed calls", nil,
		figure("Missed", 12, "Calls that nobody took.", "locale", "missed_calls/missed"),
		figure("Share", 12, "Of those missed or answered.", "percent", "missed_calls/missed_pct"),
		bucketLines("Missed by day", 12, "Share of calls.", "percent", "missed_calls/daily"),
		bucketBars("Missed by hour", 12, "Calls.", "short", "missed_calls/hours"),
		sheet("Queues", 12, "With the time until an agent spoke.", "missed_calls/queues"),
		sheet("People", 12, "With five calls or more.", "missed_calls/people"),
		sheet("Reasons", 24, "Short ones were given up in the first five seconds.", "missed_calls/reasons"),
	)
}
