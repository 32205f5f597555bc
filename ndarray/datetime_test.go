package ndarray_test

import (
	"math"
	"testing"
	"time"

	"github.com/samebytes/samebytes/ndarray"
)

type (
	days    = ndarray.Datetime64[ndarray.Day]
	seconds = ndarray.Datetime64[ndarray.Second]
	nanos   = ndarray.Datetime64[ndarray.Nanosecond]
)

func roundTrip[U ndarray.TimeUnit](t *testing.T, from time.Time, want string) {
	t.Helper()
	d, ok := ndarray.Datetime64Of[U](from)
	if !ok || d.String() != want {
		t.Errorf("%v: got %v, %v, want %s", from, d, ok, want)
	}
	back, ok := d.Time()
	if again, _ := ndarray.Datetime64Of[U](back); !ok || again != d || back.After(from) {
		t.Errorf("%v becomes %v, %v", d, back, ok)
	}
}

func TestDatetime64(t *testing.T) {
	for _, when := range []struct {
		time          time.Time
		year, month   string
		week, day     string
		second, milli string
		nano, atto    string // empty where 64 bits do not hold it
	}{
		{time: time.Date(2024, 2, 29, 12, 34, 56, 123456789, time.FixedZone("", 3600)), year: "2024", month: "2024-02", week: "2024-02-29", day: "2024-02-29",
			second: "2024-02-29T11:34:56", milli: "2024-02-29T11:34:56.123", nano: "2024-02-29T11:34:56.123456789"},
		{time: time.Date(1969, 12, 31, 23, 59, 59, 500_000_001, time.UTC), year: "1969", month: "1969-12", week: "1969-12-25", day: "1969-12-31",
			second: "1969-12-31T23:59:59", milli: "1969-12-31T23:59:59.500", nano: "1969-12-31T23:59:59.500000001", atto: "1969-12-31T23:59:59.500000001000000000"},
		{time: time.Date(-500, 3, 1, 0, 0, 0, 0, time.UTC), year: "-500", month: "-500-03", week: "-500-03-01", day: "-500-03-01",
			second: "-500-03-01T00:00:00", milli: "-500-03-01T00:00:00.000"},
		{time: time.Date(1677, 9, 21, 0, 12, 43, 145224193, time.UTC), year: "1677", month: "1677-09", week: "1677-09-16", day: "1677-09-21",
			second: "1677-09-21T00:12:43", milli: "1677-09-21T00:12:43.145", nano: "1677-09-21T00:12:43.145224193"},
		{time: time.Date(2262, 4, 11, 23, 47, 16, 854775807, time.UTC), year: "2262", month: "2262-04", week: "2262-04-10", day: "2262-04-11",
			second: "2262-04-11T23:47:16", milli: "2262-04-11T23:47:16.854", nano: "2262-04-11T23:47:16.854775807"},
	} {
		roundTrip[ndarray.Year](t, when.time, when.year)
		roundTrip[ndarray.Month](t, when.time, when.month)
		roundTrip[ndarray.Week](t, when.time, when.week)
		roundTrip[ndarray.Day](t, when.time, when.day)
		roundTrip[ndarray.Second](t, when.time, when.second)
		roundTrip[ndarray.Millisecond](t, when.time, when.milli)
		if when.nano != "" {
			roundTrip[ndarray.Nanosecond](t, when.time, when.nano)
		} else if d, ok := ndarray.Datetime64Of[ndarray.Nanosecond](when.time); ok || !d.IsNaT() {
			t.Errorf("%v in nanoseconds: %v", when.time, d)
		}
		if when.atto != "" {
			roundTrip[ndarray.Attosecond](t, when.time, when.atto)
		} else if d, ok := ndarray.Datetime64Of[ndarray.Attosecond](when.time); ok || !d.IsNaT() {
			t.Errorf("%v in attoseconds: %v", when.time, d)
		}
	}
	for _, late := range []time.Time{
		time.Date(1677, 9, 21, 0, 12, 43, 145224192, time.UTC), // would be NaT
		time.Date(1677, 9, 21, 0, 12, 43, 145224191, time.UTC), time.Date(2262, 4, 11, 23, 47, 16, 854775808, time.UTC),
	} {
		if d, ok := ndarray.Datetime64Of[ndarray.Nanosecond](late); ok || !d.IsNaT() {
			t.Errorf("%v in nanoseconds: %v", late, d)
		}
	}
	for _, d := range []days{ndarray.NewDatetime64[ndarray.Day](ndarray.NaT), ndarray.NewDatetime64[ndarray.Day](math.MaxInt64), ndarray.NewDatetime64[ndarray.Day](1 << 56)} {
		if at, ok := d.Time(); ok {
			t.Errorf("%v is %v", d, at)
		}
	}
	if at, ok := ndarray.NewDatetime64[ndarray.Year](math.MinInt64 + 1).Time(); ok {
		t.Errorf("the first year is %v", at)
	}
	nat, one := ndarray.NewDatetime64[ndarray.Second](ndarray.NaT), ndarray.NewDatetime64[ndarray.Second](1)
	hour := ndarray.NewTimedelta64[ndarray.Second](3600)
	if later := one.Add(hour); later.Ticks() != 3601 || later.Sub(one) != hour {
		t.Errorf("%v", later)
	}
	if !nat.Add(hour).IsNaT() || !nat.Sub(one).IsNaT() || !one.Sub(nat).IsNaT() || !one.Add(nat.Sub(one)).IsNaT() {
		t.Error("NaT becomes a time")
	}
	var _ seconds = one
	var _ nanos
}

func TestTimedelta64(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
		ok   bool
	}{
		{1500 * time.Millisecond, "1 seconds", true}, {-1500 * time.Millisecond, "-1 seconds", true}, {math.MinInt64, "-9223372036 seconds", true},
	} {
		if got, ok := ndarray.Timedelta64Of[ndarray.Second](c.d); got.String() != c.want || ok != c.ok {
			t.Errorf("%v: %v, %v", c.d, got, ok)
		}
	}
	if d, ok := ndarray.Timedelta64Of[ndarray.Week](15 * 24 * time.Hour); d.Ticks() != 2 || !ok {
		t.Errorf("15 days: %v", d)
	}
	if d, ok := ndarray.Timedelta64Of[ndarray.Picosecond](time.Second); d.Ticks() != 1e12 || !ok {
		t.Errorf("a second: %v", d)
	}
	if d, ok := ndarray.Timedelta64Of[ndarray.Attosecond](time.Minute); !d.IsNaT() || ok {
		t.Errorf("a minute: %v", d)
	}
	if d, ok := ndarray.Timedelta64Of[ndarray.Month](time.Hour); !d.IsNaT() || ok {
		t.Errorf("an hour: %v", d)
	}
	if d, ok := ndarray.NewTimedelta64[ndarray.Day](106751).Duration(); d != 106751*24*time.Hour || !ok {
		t.Errorf("292 years: %v", d)
	}
	if d, ok := ndarray.NewTimedelta64[ndarray.Femtosecond](-1_999_999).Duration(); d != -1 || !ok {
		t.Errorf("2 nanoseconds: %v", d)
	}
	if d, ok := ndarray.NewTimedelta64[ndarray.Day](106752).Duration(); ok {
		t.Errorf("more than 292 years: %v", d)
	}
	for _, d := range []ndarray.Timedelta64[ndarray.Nanosecond]{ndarray.NewTimedelta64[ndarray.Nanosecond](ndarray.NaT)} {
		if span, ok := d.Duration(); ok || d.String() != "NaT" {
			t.Errorf("NaT is %v, %v", span, d)
		}
	}
	if span, ok := ndarray.NewTimedelta64[ndarray.Year](1).Duration(); ok {
		t.Errorf("a year is %v", span)
	}
}
