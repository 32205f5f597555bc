// Flights is the Go half of the example: it works with gonum on a table that a Python process made, in the very bytes
// that Python reads. README.md tells the whole story.
//
// Usage: flights NAME
//
// NAME is a float64 array of rows x columns in Fortran order, which makes every column a plain []float64. Flights changes
// it in place: missing values (NaN) become the median of their column, and each column gets mean 0 and standard deviation 1.
// It creates two more arrays for its results, and then publishes NAME:
//
//	NAME.correlation   (columns, columns)      the correlation matrix
//	NAME.components    (1 + columns, columns)  the principal components, largest variance first: column k is the variance
//	                                           of component k above its unit vector, whose elements add up to >= 0
package main

import (
	"errors"
	"fmt"
	"log"
	"math"
	"os"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("flights: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: flights NAME")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(name string) error {
	table, err := shm.Attach[float64](name)
	if err != nil {
		return err
	}
	defer table.Close()
	columns, err := ndarray.Dense(table.T()) // row j is column j of the table: the same bytes, not copies
	if err != nil {
		return err
	}
	fmt.Printf("Go      %s\n", mapsLine(table.Data()))
	printMemory("table attached")

	d, _ := columns.Dims()
	for j := range d {
		if err := standardise(columns.RawRowView(j)); err != nil {
			return fmt.Errorf("column %d: %w", j, err)
		}
	}
	printMemory("standardised in place")

	if err := correlate(name+".correlation", columns.T()); err != nil {
		return err
	}
	printMemory("correlations (gonum's own scratch)")
	if err := decompose(name+".components", columns.T()); err != nil {
		return err
	}
	printMemory("components (gonum's own scratch)")

	_, err = table.Publish()
	return err
}

// standardise replaces the missing values of a column by its median, and shifts and scales the column to mean 0 and
// standard deviation 1.
func standardise(column []float64) error {
	m := median(column)
	for i, v := range column {
		if math.IsNaN(v) {
			column[i] = m
		}
	}
	mean, std := stat.MeanStdDev(column, nil)
	if !(std > 0) { // also when there is no value at all, and std is NaN
		return errors.New("expected at least two different values")
	}
	floats.AddConst(-mean, column)
	floats.Scale(1/std, column)
	return nil
}

// median returns the median of the values that are not missing, NaN if there is none. It sorts a copy of this one column.
func median(column []float64) float64 {
	sorted := slices.DeleteFunc(slices.Clone(column), math.IsNaN)
	if len(sorted) == 0 {
		return math.NaN()
	}
	slices.Sort(sorted)
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// correlate creates the array of that name, and puts the correlation matrix of x's columns there.
func correlate(name string, x mat.Matrix) error {
	_, d := x.Dims()
	correlation, err := shm.Create[float64](name, []int{d, d})
	if err != nil {
		return err
	}
	defer correlation.Close()
	dst, err := ndarray.Dense(correlation.Array)
	if err != nil {
		return err
	}
	var c mat.SymDense // gonum fills in one triangle; Copy writes both
	stat.CorrelationMatrix(&c, x, nil)
	dst.Copy(&c)
	return nil
}

// decompose creates the array of that name, and puts the principal components of x's columns there.
func decompose(name string, x mat.Matrix) error {
	var pc stat.PC
	if !pc.PrincipalComponents(x, nil) {
		return errors.New("the singular value decomposition did not converge")
	}
	_, d := x.Dims()
	components, err := shm.Create[float64](name, []int{1 + d, d})
	if err != nil {
		return err
	}
	defer components.Close()
	pc.VarsTo(components.Slice(ndarray.At(0)).Data())
	vectors, err := ndarray.Dense(components.Slice(ndarray.Range(1, ndarray.End)))
	if err != nil {
		return err
	}
	pc.VectorsTo(vectors)
	for k := range d {
		// Either sign makes a unit vector of the component. This choice is one that Python can make too.
		if v := vectors.ColView(k).(*mat.VecDense); mat.Sum(v) < 0 {
			v.ScaleVec(-1, v)
		}
	}
	return nil
}
