package ndarray

import (
	"fmt"
	"math"
	"math/bits"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// timeUnit is what datetime64 and timedelta64 count.
type timeUnit uint8

const (
	generic timeUnit = iota
	years
	months
	weeks
	days
	hours
	minutes
	seconds
	milliseconds
	microseconds
	nanoseconds
	picoseconds
	femtoseconds
	attoseconds
)

// timeUnits are the units by number. Those of a second or less have perSecond ticks in it and digits after the point,
// those of a second to a day have secs seconds.
var timeUnits = [...]struct {
	code, name      string
	secs, perSecond int64
	digits          int
}{
	generic:      {code: "generic", name: "generic time units"},
	years:        {code: "Y", name: "years"},
	months:       {code: "M", name: "months"},
	weeks:        {code: "W", name: "weeks", secs: 7 * 24 * 3600},
	days:         {code: "D", name: "days", secs: 24 * 3600},
	hours:        {code: "h", name: "hours", secs: 3600},
	minutes:      {code: "m", name: "minutes", secs: 60},
	seconds:      {code: "s", name: "seconds", secs: 1, perSecond: 1},
	milliseconds: {"ms", "milliseconds", 0, 1e3, 3},
	microseconds: {"us", "microseconds", 0, 1e6, 6},
	nanoseconds:  {"ns", "nanoseconds", 0, 1e9, 9},
	picoseconds:  {"ps", "picoseconds", 0, 1e12, 12},
	femtoseconds: {"fs", "femtoseconds", 0, 1e15, 15},
	attoseconds:  {"as", "attoseconds", 0, 1e18, 18},
}

func (u timeUnit) code() string { return timeUnits[u].code }

// TimeUnit is the constraint on what a [Datetime64] or [Timedelta64] counts: one of NumPy's units.
type TimeUnit interface {
	Year | Month | Week | Day | Hour | Minute | Second | Millisecond | Microsecond | Nanosecond | Picosecond | Femtosecond | Attosecond
	timeUnit() timeUnit
}

// The units of [Datetime64] and [Timedelta64]. They have no values to use.
type (
	Year        struct{}
	Month       struct{}
	Week        struct{}
	Day         struct{}
	Hour        struct{}
	Minute      struct{}
	Second      struct{}
	Millisecond struct{}
	Microsecond struct{}
	Nanosecond  struct{}
	Picosecond  struct{}
	Femtosecond struct{}
	Attosecond  struct{}
)

func (Year) timeUnit() timeUnit        { return years }
func (Month) timeUnit() timeUnit       { return months }
func (Week) timeUnit() timeUnit        { return weeks }
func (Day) timeUnit() timeUnit         { return days }
func (Hour) timeUnit() timeUnit        { return hours }
func (Minute) timeUnit() timeUnit      { return minutes }
func (Second) timeUnit() timeUnit      { return seconds }
func (Millisecond) timeUnit() timeUnit { return milliseconds }
func (Microsecond) timeUnit() timeUnit { return microseconds }
func (Nanosecond) timeUnit() timeUnit  { return nanoseconds }
func (Picosecond) timeUnit() timeUnit  { return picoseconds }
func (Femtosecond) timeUnit() timeUnit { return femtoseconds }
func (Attosecond) timeUnit() timeUnit  { return attoseconds }

// unitOf returns the unit that U stands for.
func unitOf[U TimeUnit]() timeUnit {
	var u U
	return u.timeUnit()
}

// NaT is the number of ticks that stands for no time, which Python prints as NaT.
const NaT = math.MinInt64

// Datetime64 is NumPy's datetime64: so many units U since the beginning of 1970, without a time zone, which is taken for
// UTC. It is a struct so that operators, which know no NaT and mix units, don't compile; == compares ticks.
type Datetime64[U TimeUnit] struct {
	_     [0]U // keeps one unit from being converted to another
	ticks int64
}

// Timedelta64 is NumPy's timedelta64: so many units U, or NaT. It is a struct as [Datetime64] is.
type Timedelta64[U TimeUnit] struct {
	_    [0]U
	span int64
}

// timeStructs returns the above with all units.
func timeStructs() []goStruct {
	var all []goStruct
	all = addTimes[Year](all)
	all = addTimes[Month](all)
	all = addTimes[Week](all)
	all = addTimes[Day](all)
	all = addTimes[Hour](all)
	all = addTimes[Minute](all)
	all = addTimes[Second](all)
	all = addTimes[Millisecond](all)
	all = addTimes[Microsecond](all)
	all = addTimes[Nanosecond](all)
	all = addTimes[Picosecond](all)
	all = addTimes[Femtosecond](all)
	return addTimes[Attosecond](all)
}

func addTimes[U TimeUnit](all []goStruct) []goStruct {
	d := DType{kind: 'M', size: 8, unit: unitOf[U](), count: 1}
	delta := d
	delta.kind = 'm'
	return append(all, goStruct{reflect.TypeFor[Datetime64[U]](), d}, goStruct{reflect.TypeFor[Timedelta64[U]](), delta})
}

// timeDType returns the dtype of kind M or m whose unit is written so: "", "[ns]", "[25us]".
func timeDType(kind byte, unit string) (DType, bool) {
	d := DType{kind: kind, size: 8, count: 1}
	if unit == "" {
		return d, true
	}
	code, open := strings.CutPrefix(unit, "[")
	code, closed := strings.CutSuffix(code, "]")
	if digits := strings.TrimLeft(code, "0123456789"); len(digits) < len(code) {
		n, err := strconv.ParseInt(code[:len(code)-len(digits)], 10, 32)
		if err != nil || n == 0 || code[0] == '0' || digits == generic.code() {
			return DType{}, false
		}
		d.count, code = int32(n), digits
	}
	for u, t := range timeUnits {
		if t.code == code {
			d.unit = timeUnit(u)
			return d, open && closed
		}
	}
	return DType{}, false
}

// NewDatetime64 returns the time of so many ticks after 1970 began; of [NaT] none.
func NewDatetime64[U TimeUnit](ticks int64) Datetime64[U] { return Datetime64[U]{ticks: ticks} }

// NewTimedelta64 returns the span of so many ticks.
func NewTimedelta64[U TimeUnit](ticks int64) Timedelta64[U] { return Timedelta64[U]{span: ticks} }

// Datetime64Of returns t in units U, of which a part is cut off towards the past, as NumPy does, and whether 64 bits can
// hold it: in nanoseconds those are the years 1678 to 2262. If not it is NaT.
func Datetime64Of[U TimeUnit](t time.Time) (Datetime64[U], bool) {
	ticks, ok := ticksOf(t, unitOf[U]())
	if !ok {
		ticks = NaT
	}
	return Datetime64[U]{ticks: ticks}, ok
}

// Timedelta64Of returns d in units U, of which a part is cut off towards zero as in time.Duration's own methods, and whether
// it can be said in them: not in years and months, which have no fixed length. If not it is NaT.
func Timedelta64Of[U TimeUnit](d time.Duration) (Timedelta64[U], bool) {
	u := &timeUnits[unitOf[U]()]
	switch {
	case u.secs > 0:
		return Timedelta64[U]{span: int64(d) / (u.secs * int64(time.Second))}, true
	case u.perSecond > 0 && u.perSecond <= 1e9:
		return Timedelta64[U]{span: int64(d) / (1e9 / u.perSecond)}, true
	case u.perSecond > 0:
		ticks, ok := multiplied(int64(d), u.perSecond/1e9)
		if ok {
			return Timedelta64[U]{span: ticks}, true
		}
	}
	return Timedelta64[U]{span: NaT}, false
}

// Ticks returns the number of units since 1970 began, or [NaT].
func (d Datetime64[U]) Ticks() int64 { return d.ticks }

// Ticks returns the number of units, or [NaT].
func (d Timedelta64[U]) Ticks() int64 { return d.span }

// IsNaT reports whether there is no time.
func (d Datetime64[U]) IsNaT() bool { return d.ticks == NaT }

// IsNaT reports whether there is no span.
func (d Timedelta64[U]) IsNaT() bool { return d.span == NaT }

// Time returns the time in UTC, of which what is below a nanosecond is cut off, and whether there is one: false of NaT, and
// 140 billion years from here.
func (d Datetime64[U]) Time() (time.Time, bool) { return timeOf(d.ticks, unitOf[U](), 1) }

// Duration returns the span, of which what is below a nanosecond is cut off towards zero, and whether a time.Duration can
// say it: not NaT, years and months, and what is longer than 292 years.
func (d Timedelta64[U]) Duration() (time.Duration, bool) { return durationOf(d.span, unitOf[U](), 1) }

// Add returns d + span. The sum with a NaT is NaT; it wraps around as int64 does, which NumPy's does too.
func (d Datetime64[U]) Add(span Timedelta64[U]) Datetime64[U] {
	if d.IsNaT() || span.IsNaT() {
		return Datetime64[U]{ticks: NaT}
	}
	return Datetime64[U]{ticks: d.ticks + span.span}
}

// Sub returns d - e. The difference with a NaT is NaT; it wraps around as [Datetime64.Add] does.
func (d Datetime64[U]) Sub(e Datetime64[U]) Timedelta64[U] {
	if d.IsNaT() || e.IsNaT() {
		return Timedelta64[U]{span: NaT}
	}
	return Timedelta64[U]{span: d.ticks - e.ticks}
}

// String returns the time as NumPy prints it: "2024-02-29T12:00:00", of as many digits as the unit has.
func (d Datetime64[U]) String() string { return string(appendDatetime(nil, d.ticks, unitOf[U](), 1)) }

// String returns the span as NumPy prints it: "5 seconds".
func (d Timedelta64[U]) String() string {
	if d.IsNaT() {
		return "NaT"
	}
	return fmt.Sprint(d.span, " ", timeUnits[unitOf[U]()].name)
}

// ticksOf returns how many whole units t is after 1970 began.
func ticksOf(t time.Time, unit timeUnit) (int64, bool) {
	t = t.UTC()
	switch u := &timeUnits[unit]; {
	case unit == years:
		return int64(t.Year()) - 1970, true
	case unit == months:
		return (int64(t.Year())-1970)*12 + int64(t.Month()) - 1, true
	case u.secs > 0:
		ticks, _ := floorDiv(t.Unix(), u.secs)
		return ticks, true
	default:
		ticks, fits := multiplied(t.Unix(), u.perSecond)
		fraction := int64(t.Nanosecond())
		if u.perSecond > 1e9 {
			fraction *= u.perSecond / 1e9
		} else {
			fraction /= 1e9 / u.perSecond
		}
		if sec := t.Unix(); !fits && sec < 0 { // the second may begin before the first tick there is, and t come after it
			ticks, fits = multiplied(sec+1, u.perSecond)
			fraction -= u.perSecond
		}
		sum := ticks + fraction
		return sum, fits && (fraction < 0) == (sum < ticks) && sum != NaT
	}
}

// timeOf returns the time of so many times count units after 1970 began.
func timeOf(ticks int64, unit timeUnit, count int32) (time.Time, bool) {
	ticks, ok := multiplied(ticks, int64(count))
	if !ok || ticks == NaT || unit == generic {
		return time.Time{}, false
	}
	const most, farthest = 140e9, 140e9 * 365 * 24 * 3600 // years and seconds: time.Time's own arithmetic goes a little further
	u := &timeUnits[unit]
	switch {
	case unit == years || unit == months:
		year, month := ticks, int64(0)
		if unit == months {
			year, month = floorDiv(ticks, 12)
		}
		if year < -most || year > most {
			return time.Time{}, false
		}
		return time.Date(1970+int(year), time.Month(1+month), 1, 0, 0, 0, 0, time.UTC), true
	case u.secs > 0:
		sec, ok := multiplied(ticks, u.secs)
		if !ok || sec < -farthest || sec > farthest {
			return time.Time{}, false
		}
		return time.Unix(sec, 0).UTC(), true
	}
	sec, fraction := floorDiv(ticks, u.perSecond)
	if u.perSecond > 1e9 {
		fraction /= u.perSecond / 1e9
	} else {
		fraction *= 1e9 / u.perSecond
	}
	return time.Unix(sec, fraction).UTC(), true
}

// durationOf returns the span of so many times count units.
func durationOf(ticks int64, unit timeUnit, count int32) (time.Duration, bool) {
	ticks, ok := multiplied(ticks, int64(count))
	u := &timeUnits[unit]
	switch {
	case !ok || ticks == NaT:
		return 0, false
	case u.perSecond > 1e9:
		return time.Duration(ticks / (u.perSecond / 1e9)), true
	case u.perSecond > 0:
		ticks, ok = multiplied(ticks, 1e9/u.perSecond)
		return time.Duration(ticks), ok
	}
	each, fits := multiplied(u.secs, 1e9)
	ticks, ok = multiplied(ticks, each)
	return time.Duration(ticks), ok && fits && each > 0
}

// multiplied returns a product, and whether 64 bits hold it.
func multiplied(a, b int64) (int64, bool) {
	negative := (a < 0) != (b < 0)
	high, low := bits.Mul64(uint64(max(a, -a)), uint64(max(b, -b))) // the least int is its own negative, and unsigned right
	if negative {
		return -int64(low), high == 0 && low <= 1<<63
	}
	return int64(low), high == 0 && low < 1<<63
}

// floorDiv returns the quotient rounded down, and the remainder, which is not negative. b must be positive.
func floorDiv(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		quotient, rest = quotient-1, rest+b
	}
	return quotient, rest
}

const (
	cycleDays  = 146097 // of 400 years, after which the Gregorian calendar repeats: 20871 weeks
	cycleYears = 400
)

// appendDatetime appends what NumPy prints of so many times count units after 1970 began.
func appendDatetime(dst []byte, ticks int64, unit timeUnit, count int32) []byte {
	if ticks == NaT {
		return append(dst, "NaT"...)
	}
	if unit == generic {
		return strconv.AppendInt(dst, ticks, 10) // which NumPy refuses to print
	}
	ticks *= int64(count) // wraps around where NumPy's does
	u := &timeUnits[unit]
	switch unit {
	case years:
		return appendYear(dst, 1970+ticks)
	case months:
		year, month := floorDiv(ticks, 12)
		return appendTwo(append(appendYear(dst, 1970+year), '-'), month+1)
	case weeks: // times 7 could overflow, in cycles of the calendar it can't
		cycle, rest := floorDiv(ticks, cycleDays/7)
		return appendDate(dst, cycle, rest*7)
	}
	var day, second, fraction int64
	if u.perSecond > 1 {
		second, fraction = floorDiv(ticks, u.perSecond)
		day, second = floorDiv(second, 24*3600)
	} else {
		day, second = floorDiv(ticks, 24*3600/u.secs)
		second *= u.secs
	}
	cycle, rest := floorDiv(day, cycleDays)
	dst = appendDate(dst, cycle, rest)
	if unit == days {
		return dst
	}
	dst = appendTwo(append(dst, 'T'), second/3600)
	if unit >= minutes {
		dst = appendTwo(append(dst, ':'), second/60%60)
	}
	if unit >= seconds {
		dst = appendTwo(append(dst, ':'), second%60)
	}
	if u.digits > 0 {
		dst = append(dst, '.')
		for scale := u.perSecond / 10; scale > 0; scale /= 10 {
			dst = append(dst, byte('0'+fraction/scale%10))
		}
	}
	return dst
}

// appendDate appends the date of a day of a cycle, counted from that which began with 1970.
func appendDate(dst []byte, cycle, day int64) []byte {
	year, month, date := time.Unix(day*24*3600, 0).UTC().Date()
	dst = appendYear(dst, cycle*cycleYears+int64(year))
	return appendTwo(append(appendTwo(append(dst, '-'), int64(month)), '-'), int64(date))
}

// appendYear appends a year as C's %04d does.
func appendYear(dst []byte, year int64) []byte { return fmt.Appendf(dst, "%04d", year) }

func appendTwo(dst []byte, n int64) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }
