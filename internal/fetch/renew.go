package fetch

// Renew has the next request ask for a new token. What an app may do stands in its token, so a permission that was
// given since has no effect before.
func (c *Client) Renew() {
	c.tokens.mu.Lock()
	defer c.tokens.mu.Unlock()
	delete(c.tokens.held, c.scope)
}
