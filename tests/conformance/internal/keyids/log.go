// Package keyids judges the key_ids that a plugin names over time: they only ever go forward, and Status and
// Encrypt name the same.
package keyids

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// sighting is one answer that named a key_id; the plugin chose it between the two moments.
type sighting struct {
	method       string
	keyID        string
	began, ended time.Time
}

// Log collects the answers of one plugin. Safe for concurrent use.
type Log struct {
	mutex     sync.Mutex
	sightings []sighting
	announced []string // by Status, in the order of their first appearance
}

// Add takes down an answer of "Status" or "Encrypt" to a call that began then and ends now.
func (l *Log) Add(method, keyID string, began time.Time) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.sightings = append(l.sightings, sighting{method, keyID, began, time.Now()})
	if method == "Status" && !slices.Contains(l.announced, keyID) {
		l.announced = append(l.announced, keyID)
	}
}

// Announced are the key_ids that Status has named, each once, oldest first.
func (l *Log) Announced() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return slices.Clone(l.announced)
}

// Count is how often a key_id was named by a method.
func (l *Log) Count(method, keyID string) int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	count := 0
	for _, s := range l.sightings {
		if s.method == method && s.keyID == keyID {
			count++
		}
	}
	return count
}

// Problem returns nil when the key_ids went one way: whoever asks after an answer has come, by either method,
// is named the same key_id or a newer one, and nothing but what Status announces. Calls at the same time may
// see it either way.
func (l *Log) Problem() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(l.sightings) == 0 {
		return errors.New("no answer at all")
	}
	byBegin, byEnd := slices.Clone(l.sightings), slices.Clone(l.sightings)
	slices.SortFunc(byBegin, func(a, b sighting) int { return a.began.Compare(b.began) })
	slices.SortFunc(byEnd, func(a, b sighting) int { return a.ended.Compare(b.ended) })
	rank := map[string]int{}
	for i, keyID := range l.announced {
		rank[keyID] = i
	}
	newest, ended := sighting{}, 0
	for _, later := range byBegin {
		for ; ended < len(byEnd) && byEnd[ended].ended.Before(later.began); ended++ {
			if earlier := byEnd[ended]; cmp.Compare(rank[earlier.keyID], rank[newest.keyID]) >= 0 {
				newest = earlier
			}
		}
		position, announced := rank[later.keyID]
		if !announced {
			return fmt.Errorf("%s named %s, which Status never announced", later.method, later.keyID)
		}
		if newest.method != "" && position < rank[newest.keyID] {
			return fmt.Errorf("%s named %s %v after %s had named %s", later.method, later.keyID,
				later.began.Sub(newest.ended), newest.method, newest.keyID)
		}
	}
	return nil
}
