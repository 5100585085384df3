package store

import (
	"time"

	"github.com/google/uuid"
)

// A surveyRow is a row of surveyEndpoints, in parts. All but the first three
// may be missing.
type surveyRow struct {
	Endpoint
	aboutDatabase
	aboutTenant
	aboutSubscription
	aboutDaemon
	aboutRun
	aboutLast
	Rejected
	Records
	Known int64
	Cut   time.Time
	Kept
}

type aboutDatabase struct {
	At            time.Time
	ServerVersion string
	SchemaVersion int
}

type aboutTenant struct {
	TenantName, Cloud, CredentialKind *string
	CredentialEndsAt                  *time.Time
	ClockSkew                         *float64
}

type aboutSubscription struct {
	Subscribed                      bool
	ExpiresAt, NotifiedAt, MissedAt *time.Time
	NotSubscribed                   *string
}

type aboutDaemon struct {
	DaemonID                         *uuid.UUID
	Host, Version                    *string
	DaemonStartedAt, DaemonHeartbeat *time.Time
}

type aboutRun struct {
	RunID                                  *int64
	RunStartedAt, RunHeartbeat, RunWaiting *time.Time
	RunFrom, RunTo                         *time.Time
	RunSlots, RunSlotsDone                 *int
	RunRows, RunDetails                    *int64
}

type aboutLast struct {
	LastAt                *time.Time
	LastTook              *float64
	LastSlotsDone         *int
	LastRows, LastDetails *int64
}

func (r surveyRow) standing() Standing {
	return Standing{
		Endpoint: r.Endpoint, About: r.tenant(r.Tenant), Worker: r.daemon(), Running: r.running(), Last: r.pace(),
		Rejects: r.Rejected, Records: r.Records, Known: time.Duration(r.Known) * time.Second, Cut: r.Cut, Kept: r.Kept,
		Subscription: r.subscription(),
	}
}

func (a aboutTenant) tenant(id uuid.UUID) Tenant {
	if a.TenantName == nil {
		return Tenant{}
	}
	return Tenant{
		ID: id, Name: *a.TenantName, Cloud: *a.Cloud, CredentialKind: *a.CredentialKind,
		CredentialEndsAt: a.CredentialEndsAt, ClockSkew: a.ClockSkew,
	}
}

func (a aboutSubscription) subscription() *Subscription {
	if !a.Subscribed {
		return nil
	}
	return &Subscription{ExpiresAt: a.ExpiresAt, NotifiedAt: a.NotifiedAt, MissedAt: a.MissedAt, Error: a.NotSubscribed}
}

func (a aboutDaemon) daemon() *Daemon {
	if a.DaemonID == nil {
		return nil
	}
	return &Daemon{*a.DaemonID, *a.Host, *a.Version, *a.DaemonStartedAt, *a.DaemonHeartbeat}
}

func (a aboutRun) running() *Running {
	if a.RunID == nil {
		return nil
	}
	return &Running{
		RunID: *a.RunID, StartedAt: *a.RunStartedAt, HeartbeatAt: *a.RunHeartbeat, WaitingUntil: a.RunWaiting,
		From: *a.RunFrom, To: *a.RunTo, Slots: *a.RunSlots,
		Pace: Pace{*a.RunHeartbeat, a.RunHeartbeat.Sub(*a.RunStartedAt), *a.RunSlotsDone, *a.RunRows, *a.RunDetails},
	}
}

func (a aboutLast) pace() *Pace {
	if a.LastAt == nil {
		return nil
	}
	took := time.Duration(*a.LastTook * float64(time.Second))
	return &Pace{*a.LastAt, took, *a.LastSlotsDone, *a.LastRows, *a.LastDetails}
}
