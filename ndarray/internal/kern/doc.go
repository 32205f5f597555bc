// Package kern has the inner loops of package ndarray: one operation on n elements of each operand.
//
// It knows runs, not arrays: shapes, broadcasting, overlap and goroutines are its caller's, which has also checked that
// all elements of a run lie in its slice. A loop reads and writes the elements of one index before those of the next, so
// that the result may be an operand, element for element. Each has a form for operands without gaps, which the compiler
// checks once and not for each element, and one for any increments, where zero repeats one element. Those of most operations
// are generated, from the table in gen/ops.go.
package kern

//go:generate go run -C gen .
