package notify

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// tryWithin is how long Graph waits for the answer to a validation request.
const tryWithin = 10 * time.Second

// Try asks an address as Graph does before it makes a subscription, with certificates
// that client trusts. The error says what Graph would refuse.
func Try(ctx context.Context, client *http.Client, address string) error {
	ctx, cancel := context.WithTimeout(ctx, tryWithin)
	defer cancel()
	token := rand.Text()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"?validationToken="+token, nil)
	if err != nil {
		return errors.New("it is no address")
	}
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	answer, err := client.Do(request)
	if err != nil {
		if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err // without the address
		}
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxToken))
	switch {
	case err != nil:
		return err
	case answer.StatusCode != http.StatusOK:
		return fmt.Errorf("it answers %d", answer.StatusCode)
	case string(body) != token:
		return errors.New("it is not this program that answers")
	}
	return nil
}
