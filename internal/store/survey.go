package store

import (
	"time"

	"github.com/google/uuid"
)

// A Daemon is a process that reads, as it noted itself.
type Daemon struct {
	ID          uuid.UUID
	Host        string
	Version     string
	StartedAt   time.Time
	HeartbeatAt time.Time // by the database's clock
}

// A Standing is what the database says of one endpoint.
type Standing struct {
	Endpoint
}
