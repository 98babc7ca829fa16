package dns

import (
	"time"

	"mewz/kernel/socket"
)

// Bounds of what is remembered.
const (
	entriesMax  = 256
	ttlMax      = 24 * time.Hour  // RFC 8767, 4 says as much; a machine should not hold on longer
	negativeMax = 5 * time.Minute // RFC 2308, 5 allows hours, in which nobody would see a new name
)

// cacheKey is a question.
type cacheKey struct {
	name string
	kind recordType
}

// answer is what is remembered of one: no addresses means that there are none.
type answer struct {
	addresses []socket.Address
	until     time.Duration
}

// cache remembers answers.
type cache struct{ entries map[cacheKey]answer }

// get returns an answer that still holds.
func (c *cache) get(k cacheKey, now time.Duration) (answer, bool) {
	a, ok := c.entries[k]
	return a, ok && now < a.until
}

// put remembers an answer for a time. At the bound the one that ends first goes.
func (c *cache) put(k cacheKey, all []socket.Address, now, ttl time.Duration) {
	limit := ttlMax
	if len(all) == 0 {
		limit = negativeMax
	}
	if ttl = min(ttl, limit); ttl <= 0 {
		return
	}
	if c.entries == nil {
		c.entries = make(map[cacheKey]answer)
	}
	if _, ok := c.entries[k]; !ok && len(c.entries) >= entriesMax {
		var first cacheKey
		until := socket.Forever
		for key, a := range c.entries {
			if a.until < until {
				first, until = key, a.until
			}
		}
		delete(c.entries, first)
	}
	c.entries[k] = answer{all, now + ttl}
}
