package ndarray_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/samebytes/samebytes/ndarray"
)

// One source fills several arrays, of any layout; the same seed gives the same numbers everywhere.
func ExampleRandom() {
	src := rand.NewPCG(1, 2)
	weights := ndarray.Random(ndarray.New[float32](2, 3), src)
	noise := ndarray.RandomNormal(ndarray.New[float64](3), src)
	fmt.Printf("%.3f\n%.3f\n", weights, noise)
	// Output:
	// [[0.960 0.808 0.814]
	//  [0.929 0.975 0.549]]
	// [ 1.932  1.726 -0.117]
}

func ExampleShuffle() {
	a := ndarray.Arange[int64](0, 10, 1)
	ndarray.Shuffle(a, rand.NewPCG(1, 2))
	fmt.Println(a)

	dice := ndarray.RandomIntN(ndarray.New[uint8](10), 6, rand.NewPCG(3, 4))
	fmt.Println(dice)
	// Output:
	// [4 2 3 6 9 1 8 0 5 7]
	// [5 5 2 3 5 4 3 0 3 5]
}
