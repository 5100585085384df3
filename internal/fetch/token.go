package fetch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"golang.org/x/sync/singleflight"
)

const (
	whatToken   = "access token"
	tokenMargin = 2 * time.Minute // a token is not used in the last minutes of its life: a request may take as long
)

// tokens holds the app's token for each scope and renews it, for all requests at once.
type tokens struct {
	issuer  *issuer
	retrier *retrier
	clock   Clock

	flights singleflight.Group
	mu      sync.Mutex
	held    map[string]token // by scope
}

type token struct {
	value   string
	expires time.Time
}

func newTokens(issuer *issuer, retrier *retrier) *tokens {
	return &tokens{issuer: issuer, retrier: retrier, clock: retrier.clock, held: map[string]token{}}
}

// Token returns a token of the client's app for a scope, such as that of a database, which is valid for minutes at
// least.
func (c *Client) Token(ctx context.Context, scope string) (string, error) {
	return c.tokens.get(ctx, scope, "")
}

// get returns a token that is valid for a while and is not the one that was rejected. Callers that need a new token at
// the same time share one renewal. It goes on when one of them gives up.
func (t *tokens) get(ctx context.Context, scope, rejected string) (string, error) {
	if value, ok := t.usable(scope, rejected); ok {
		return value, nil
	}
	renewal := t.flights.DoChan(scope+" "+rejected, func() (value any, err error) {
		defer func() { // in a goroutine of its own a panic would end the process
			if p := recover(); p != nil {
				err = fmt.Errorf("%s: a bug: panic of type %T", whatToken, p)
			}
		}()
		return t.renew(context.WithoutCancel(ctx), scope, rejected)
	})
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case result := <-renewal:
		if result.Err != nil {
			return "", result.Err
		}
		return result.Val.(string), nil
	}
}

func (t *tokens) usable(scope, rejected string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	held := t.held[scope]
	return held.value, held.value != "" && held.value != rejected && t.clock.until(held.expires) > tokenMargin
}

func (t *tokens) renew(ctx context.Context, wanted, rejected string) (string, error) {
	if value, ok := t.usable(wanted, rejected); ok { // another renewal ended just before
		return value, nil
	}
	var result confidential.AuthResult
	err := t.retrier.do(ctx, []scope{scopeToken}, nil, func() (err error) {
		result, err = t.issuer.acquire(ctx, wanted)
		return err
	})
	if failure, ok := errors.AsType[*Error](err); ok {
		failure.What, failure.Host = whatToken, t.issuer.place()
	}
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	life := machine.until(result.ExpiresOn) // MSAL goes by the machine's clock
	t.held[wanted] = token{result.AccessToken, t.clock.Now().Add(life)}
	return result.AccessToken, nil
}
