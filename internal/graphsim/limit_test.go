package graphsim

import (
	"encoding/json"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

func TestPublishedLimit(t *testing.T) {
	t.Parallel()
	a := start(t, Config{LimitFactor: 1})
	url := a.pstnURL("v1.0", "2026-03-14T01:00:00Z", "2026-03-14T01:00:00Z")
	for i := range 50 {
		if res, _ := a.get(t, url); res.StatusCode != 200 {
			t.Fatalf("request %d: %s", i+1, res.Status)
		}
	}
	res, body := a.get(t, url)
	wait, err := strconv.ParseFloat(res.Header.Get("Retry-After"), 64)
	if res.StatusCode != 429 || err != nil || wait <= 0 || wait > 60 {
		t.Errorf("request 51: %s, Retry-After %q", res.Status, res.Header.Get("Retry-After"))
	}
	var e struct {
		Error struct {
			Code       string
			InnerError map[string]string
		}
	}
	if err := json.Unmarshal(body, &e); err != nil || e.Error.Code != "TooManyRequests" ||
		e.Error.InnerError["status"] != "429" {
		t.Errorf("body %s", body)
	}
	r := a.Requests()
	if r.Answers["getPstnCalls"][200] != 50 || r.Answers["getPstnCalls"][429] != 1 || r.Peak["getPstnCalls"] != 51 ||
		r.Peak["pstn"] != 51 {
		t.Errorf("counted %+v", r)
	}
}

func TestLimitSlides(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimit("test", 3, time.Minute)
		for _, step := range []struct {
			after, wait time.Duration
		}{
			{0, 0},
			{10 * time.Second, 0},
			{10 * time.Second, 0},
			{10 * time.Second, 40 * time.Second}, // 0:30; those of 0:00 and 0:10 must leave
			{40 * time.Second, 0},
			{0, 20 * time.Second}, // 1:10; a refused request counts: also that of 0:30 must leave
		} {
			time.Sleep(step.after)
			if got := l.take(); got != step.wait {
				t.Errorf("after %v more: wait %v, want %v", step.after, got, step.wait)
			}
		}
		if l.highest() != 4 {
			t.Errorf("peak %d, want 4", l.highest())
		}
	})
}

func TestNoLimit(t *testing.T) {
	t.Parallel()
	l := newLimit("test", 0, time.Minute)
	for range 1000 {
		if wait := l.take(); wait != 0 {
			t.Fatalf("wait %v", wait)
		}
	}
	if l.highest() != 1000 {
		t.Errorf("peak %d, want 1000", l.highest())
	}
}

func TestTheTightestLimitDecides(t *testing.T) {
	t.Parallel()
	family, own := newLimit("family", 4, time.Minute), newLimit("own", 1, time.Minute)
	both := []*limit{own, family}
	if wait := takeAll(both); wait != 0 {
		t.Errorf("first request waits %v", wait)
	}
	if wait := takeAll(both); wait == 0 {
		t.Error("the second request is within no limit of 1")
	}
	if family.highest() != 2 {
		t.Errorf("the refused request counts %d toward the family, want 2", family.highest())
	}
}

// A tenant may enforce a multiple of a limit, and may count in shorter spans: as many requests a second.
func TestLimitOfTenant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		config  Config
		allowed int
		per     time.Duration
	}{
		{Config{}, 0, 20 * time.Second},
		{Config{LimitFactor: 1}, 1500, 20 * time.Second},
		{Config{LimitFactor: 2}, 3000, 20 * time.Second},
		{Config{LimitFactor: 1, LimitSpeed: 4}, 375, 5 * time.Second},
		{Config{LimitFactor: 2, LimitSpeed: 2}, 1500, 10 * time.Second},
	} {
		l := tt.config.withDefaults().limit("test", 1500, 20*time.Second)
		if l.allowed != tt.allowed || l.per != tt.per {
			t.Errorf("factor %v, speed %v: %d in %v, want %d in %v",
				tt.config.LimitFactor, tt.config.LimitSpeed, l.allowed, l.per, tt.allowed, tt.per)
		}
	}
}
