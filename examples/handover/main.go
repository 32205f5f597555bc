package main

import (
	"context"
	"fmt"
	"log"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

func main() {
	a, err := shm.Attach[float64]("prices") // the same memory
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	version, err := a.Wait(context.Background(), 0) // returns at once if version 1 is there
	if err != nil {
		log.Fatal(err)
	}
	m, err := ndarray.Dense(a.Array) // a gonum matrix over the same bytes
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("Go sees", m.At(3, 5), "in version", version)
	m.Scale(2, m) // in place
	if _, err := a.Publish(); err != nil {
		log.Fatal(err)
	}
}
