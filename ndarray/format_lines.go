package ndarray

import (
	"bytes"
	"iter"
	"math"
	"strings"
	"unicode/utf8"
)

// offsets are those of the elements to be shown, in C order.
type offsets = iter.Seq[int]

// leftOut stands among the positions on an axis for those that are not shown.
const leftOut = -1

// positions yields the positions shown of an axis: all, or leftOut between the first and the last few.
func positions(length, edge int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < length; i++ {
			if i == edge && length-edge > edge {
				if !yield(leftOut) {
					return
				}
				i = length - edge
			}
			if !yield(i) {
				return
			}
		}
	}
}

// shown yields the offsets of the elements that have a position shown on each axis.
func (l *layout) shown(edge int) offsets {
	var visit func(d, offset int, yield func(int) bool) bool
	visit = func(d, offset int, yield func(int) bool) bool {
		if d == len(l.shape) {
			return yield(offset)
		}
		for i := range positions(l.shape[d], edge) {
			if i != leftOut && !visit(d+1, offset+i*l.strides[d], yield) {
				return false
			}
		}
		return true
	}
	return func(yield func(int) bool) { visit(0, l.offset, yield) }
}

// lines returns the elements in brackets, as NumPy lays them out: columns aligned, rows that are too long wrapped, rows
// above the last axis on lines of their own, and an empty line more between them for each axis more. Separator stands
// between the elements; the text will follow indent characters on its first line.
func (p printable) lines(o PrintOptions, separator string, indent int) string {
	if p.n == 0 {
		return "[]"
	}
	edge := math.MaxInt // nothing is left out
	if p.n > o.Threshold {
		edge = o.EdgeItems
	}
	w := lineWriter{
		layout: p.layout, edge: edge, separator: separator, indent: indent, width: o.LineWidth,
		text: p.texts(o)(p.shown(edge)),
	}
	w.axis(0, p.offset)
	return string(w.b)
}

type lineWriter struct {
	*layout
	edge      int
	separator string
	indent    int // characters before the text
	width     int // characters on a line
	text      func(offset int) string
	b         []byte
}

// axis writes the elements from an offset on that lie on axis d and those after it.
func (w *lineWriter) axis(d, offset int) {
	if d == len(w.shape) {
		w.b = append(w.b, w.text(offset)...)
		return
	}
	w.b = append(w.b, '[')
	if d == len(w.shape)-1 {
		w.row(d, offset)
	} else {
		first := true
		for i := range positions(w.shape[d], w.edge) {
			if !first {
				w.b = append(w.b, strings.TrimRight(w.separator, " ")...)
				w.newLine(len(w.shape)-1-d, d)
			}
			first = false
			if i == leftOut {
				w.b = append(w.b, "..."...)
			} else {
				w.axis(d+1, offset+i*w.strides[d])
			}
		}
	}
	w.b = append(w.b, ']')
}

// row writes the elements on the last axis. As in NumPy, a line keeps room for a bracket of each axis, or for a comma.
func (w *lineWriter) row(d, offset int) {
	start := w.indent + d + 1
	width, column := w.width-d-1, start
	first := true
	for i := range positions(w.shape[d], w.edge) {
		if !first {
			w.b = append(w.b, w.separator...)
			column += len(w.separator)
		}
		first = false
		word := "..."
		if i != leftOut {
			word = w.text(offset + i*w.strides[d])
		}
		n := utf8.RuneCountInString(word)
		if column+n > width && column > start {
			w.b = bytes.TrimRight(w.b, " ")
			w.newLine(1, d)
			column = start
		}
		w.b = append(w.b, word...)
		column += n
	}
}

// newLine ends the line, leaves n-1 lines empty, and goes to the column at which what axis d holds begins.
func (w *lineWriter) newLine(n, d int) {
	w.b = append(w.b, strings.Repeat("\n", n)...)
	w.b = append(w.b, strings.Repeat(" ", w.indent+d+1)...)
}
