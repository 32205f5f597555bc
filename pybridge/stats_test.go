package pybridge

import (
	"testing"
	"time"
)

// TestBuckets puts durations into buckets: the end of each is no less than the duration, and at most an eighth more.
func TestBuckets(t *testing.T) {
	last := -1
	for _, d := range []time.Duration{-1, 0, 1, 7, 8, 9, 15, 16, 17, 100, 999, time.Microsecond, time.Second, time.Hour, 1<<63 - 1} {
		bucket := bucketOf(d)
		if end := bucketEnd(bucket); end < d || end-max(d, 0) > max(d, 0)/8 || bucket < last || bucket >= nbuckets {
			t.Errorf("%d: bucket %d, which ends with %d, after %d", d, bucket, end, last)
		}
		last = bucket
	}
	for bucket := range nbuckets {
		if found := bucketOf(bucketEnd(bucket)); found != bucket {
			t.Errorf("the end of bucket %d is in %d", bucket, found)
		}
	}
}

// TestQuantiles has 99 short calls and a long one.
func TestQuantiles(t *testing.T) {
	var m meter
	if s := m.stats(); s != (FunctionStats{}) {
		t.Error(s)
	}
	for i := range 100 {
		m.buckets[bucketOf(time.Duration(10+990*(i/99)))].Add(1)
	}
	if s := m.stats(); s.P50 != 10 || s.P99 != 10 {
		t.Error(s)
	}
	m.buckets[bucketOf(1000)].Add(1)
	if s := m.stats(); s.P50 != 10 || s.P99 != bucketEnd(bucketOf(1000)) {
		t.Error(s)
	}
}

// BenchmarkMeter is what measuring adds to a call.
func BenchmarkMeter(b *testing.B) {
	var all meters
	all.of("function")
	log := newLogger(nil, 0)
	for b.Loop() {
		m := all.of("function")
		begun := m.begin(log.timed())
		log.call("function", m.end(begun, nil), nil)
	}
}
