package ndarray

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/samebytes/samebytes/internal/pyrepr"
)

// Format implements [fmt.Formatter], as [Array.Format] does.
func (a *Any) Format(s fmt.State, verb rune) {
	if a == nil {
		io.WriteString(s, "<nil>") // a State keeps its writer's errors for the caller of Fprintf
		return
	}
	p := a.printable()
	p.format(s, verb)
}

// String is [Array.String].
func (a *Any) String() string { return fmt.Sprint(a) }

// Text is [Array.Text].
func (a *Any) Text(o PrintOptions) string {
	p := a.printable()
	return p.str(o)
}

// LogValue implements [slog.LogValuer], as [Array.LogValue] does.
func (a *Any) LogValue() slog.Value {
	if a == nil {
		return slog.StringValue("<nil>")
	}
	p := a.printable()
	return p.logValue()
}

func (a *Any) printable() printable {
	if more, err := a.expanded(); err == nil { // NumPy has no arrays of subarrays, only more axes
		a = more
	}
	e := elements{a.data, a.dtype, len(a.shape) == 0}
	p := printable{
		layout:  &a.layout,
		dtype:   a.dtype.String(),
		implied: a.dtype == Bool || a.dtype == Int64 || a.dtype == Float64 || a.dtype == Complex128,
		texts:   func(o PrintOptions) textsOf { return e.texts(o, false) },
		scalar:  e.scalar,
		value:   func(offset int) any { return valueOf(a.dtype, a.data[offset:]) },
	}
	return p
}

// elements are what lies in data, at offsets in bytes, in the machine's byte order.
type elements struct {
	data   []byte
	dtype  DType
	single bool // there is but one, in an array without axes
}

func (e elements) at(offset int) []byte { return e.data[offset : offset+e.dtype.size] }

func (e elements) float(offset int) float64 { return floatOf(e.dtype, e.at(offset)) }

// scalar returns what Python's str prints of an element alone.
func (e elements) scalar(offset int) string {
	d, b := e.dtype, e.at(offset)
	switch {
	case d.kind == 'f' || d.form == brain:
		return d.floatKind().scalar(e.float(offset), ".0")
	case d.kind == 'c':
		return d.floatKind().complexScalar(complexOf(b))
	case d.kind == 'S':
		return "np.bytes_(" + e.text(offset) + ")"
	case d.kind == 'U':
		return Text(charactersOf(b))
	case d.kind == 'M':
		return string(appendDatetime(nil, intOf(b), d.unit, d.count))
	case d.kind == 'm' && intOf(b) == NaT:
		return "NaT"
	case d.kind == 'm':
		return fmt.Sprint(intOf(b)*int64(d.count), " ", timeUnits[d.unit].name) // wraps around where NumPy's does
	case d.form == structured:
		one := func(yield func(int) bool) { yield(offset) }
		return e.texts(PrintOptions{}.resolved(), true)(one)(offset)
	}
	return e.text(offset)
}

// floatKind returns how floats of the dtype are printed, or the parts of complex numbers.
func (d DType) floatKind() floatKind {
	switch {
	case d.form == brain:
		return bfloatKind
	case d.kind == 'c':
		return floatKinds[d.size*4]
	}
	return floatKinds[d.size*8]
}

// text returns what NumPy prints of an element among others that does not depend on these.
func (e elements) text(offset int) string {
	d, b := e.dtype, e.at(offset)
	switch d.kind {
	case 'b':
		return pythonBool(b[0] != 0)
	case 'i':
		return strconv.FormatInt(intOf(b), 10)
	case 'u':
		return strconv.FormatUint(uintOf(b), 10)
	case 'S':
		return string(pyrepr.AppendBytes(nil, textBytes(b)))
	case 'U':
		text := charactersOf(b)
		for len(text) > 0 && text[len(text)-1] == 0 {
			text = text[:len(text)-1]
		}
		return string(pyrepr.AppendRunes(nil, text))
	case 'M':
		return "'" + string(appendDatetime(nil, intOf(b), d.unit, d.count)) + "'"
	case 'm':
		if ticks := intOf(b); ticks != NaT {
			return strconv.FormatInt(ticks, 10)
		}
		return "'NaT'"
	}
	text := []byte("b'")
	for _, c := range b {
		text = fmt.Appendf(text, `\x%02X`, c)
	}
	return string(append(text, '\''))
}

// texts returns the texts of elements among others. With alone, they are those of one struct: its floats are printed as
// Python prints a number.
func (e elements) texts(o PrintOptions, alone bool) textsOf {
	d := e.dtype
	switch {
	case alone && (d.kind == 'f' || d.form == brain):
		return func(offsets) func(int) string { return e.scalar }
	case d.kind == 'f' || d.form == brain:
		return d.floatKind().texts(e.float, o, false)
	case d.kind == 'c':
		return d.floatKind().complexTexts(func(offset int) complex128 { return complexOf(e.at(offset)) }, o)
	case d.form == structured:
		return func(shown offsets) func(int) string { return e.structTexts(o, alone, shown) }
	case d.form == subarray:
		return func(shown offsets) func(int) string { return e.subarrayTexts(o, alone, shown) }
	case d.kind == 'b' && e.single, d.kind == 'S', d.kind == 'U', d.kind == 'V':
		return func(offsets) func(int) string { return e.text }
	case d.kind == 'b':
		return boolTexts(e.text, 1)
	}
	return alignedTexts(e.text)
}

// structTexts returns the texts of structs: those of each field in a column of its own.
func (e elements) structTexts(o PrintOptions, alone bool, shown offsets) func(int) string {
	var columns []func(int) string
	for p := range e.dtype.all() {
		field := elements{e.data, p.dtype, e.single}.texts(o, alone)(func(yield func(int) bool) {
			shown(func(offset int) bool { return yield(offset + p.n) })
		})
		columns = append(columns, func(offset int) string { return field(offset + p.n) })
	}
	return func(offset int) string {
		texts := make([]string, len(columns))
		for i, column := range columns {
			texts[i] = column(offset)
		}
		if len(texts) == 1 {
			return "(" + texts[0] + ",)"
		}
		return "(" + strings.Join(texts, ", ") + ")"
	}
}

// subarrayTexts returns the texts of subarrays as lists within lists, whose elements are all in one column.
func (e elements) subarrayTexts(o PrintOptions, alone bool, shown offsets) func(int) string {
	base, shape := e.dtype.Base(), e.dtype.Shape()
	l := contiguousLayout(shape, e.dtype.size/base.size)
	l = l.inBytes(base.size)
	edge := l.n
	if l.n > o.Threshold {
		edge = o.EdgeItems
	}
	text := elements{e.data, base, false}.texts(o, alone)(func(yield func(int) bool) { // NumPy measures what it leaves out, too
		shown(func(offset int) bool {
			more := true
			l.shown(l.n)(func(within int) bool {
				more = yield(offset + within)
				return more
			})
			return more
		})
	})
	var list func(axis, offset int) string
	list = func(axis, offset int) string {
		if axis == len(shape) {
			return text(offset)
		}
		var texts []string
		for i := range positions(shape[axis], edge) {
			if i == leftOut {
				texts = append(texts, "...")
			} else {
				texts = append(texts, list(axis+1, offset+i*l.strides[axis]))
			}
		}
		return "[" + strings.Join(texts, ", ") + "]"
	}
	return func(offset int) string { return list(0, offset) }
}

// dtypeRepr returns a dtype's name as Python writes it where it is an argument: quoted, if it is no Python name.
func dtypeRepr(name string) string {
	if isQuoted := slices.Contains([]byte("|<"), name[0]) || name[0] >= 'a' && strings.Contains(name, "["); isQuoted {
		return "'" + name + "'"
	}
	return name
}
