// Frames fills a stream with the pictures of a warm plate, at a fixed rate, until Ctrl-C or for so many frames. README.md tells the whole
// story.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

var (
	name   = flag.String("name", "frames", "the stream's name")
	frames = flag.Int("n", 0, "how many frames; 0 goes on until Ctrl-C")
	rate   = flag.Float64("rate", 30, "frames per second")
	size   = flag.Int("size", 160, "points of the plate on each side")
	slots  = flag.Int("slots", 8, "slots of the stream: a reader may be as many frames behind, less two")
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("frames: ")
	flag.Parse()
	if *rate <= 0 || *size < 16 || *slots < 3 || *frames < 0 {
		log.Fatal("expected a rate above 0, a size of at least 16, 3 slots or more, and no negative number of frames")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

// run publishes the frames. At its end the stream ends too, and its name goes: readers have what they have not had yet all the same.
func run(ctx context.Context) (err error) {
	s, err := open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(), shm.Delete(*name)) }()
	// The last frame is what the next is made of. A reader has it in place, also where another process has published it.
	last, err := s.Reader(shm.FromLatest())
	if err != nil {
		return err
	}
	p := newPlate(*size)
	fmt.Printf("stream %s: %d slots of %v, %g frames/s\n", *name, s.Slots(), s.ItemShape(), *rate)
	tick := time.NewTicker(time.Duration(float64(time.Second) / *rate))
	defer tick.Stop()
	for n := 1; *frames == 0 || n <= *frames; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		frame, err := s.Loan(ctx) // waits while a reader needs all slots
		if errors.Is(err, context.Canceled) {
			return nil
		}
		if err != nil {
			return err
		}
		before, err := last.TryNext()
		if err != nil {
			return err
		}
		if err := p.next(frame.Array, before); err != nil {
			return err
		}
		number, err := frame.Publish()
		if err != nil {
			return err
		}
		if n%int(max(1, *rate)) == 0 || n == *frames { // each second
			if err := say(s, number); err != nil {
				return err
			}
		}
	}
	return nil
}

// open makes the stream, or goes on with one that a killed program has left.
func open() (*shm.Stream[float64], error) {
	s, err := shm.CreateStream[float64](*name, *slots, []int{*size, *size})
	if errors.Is(err, fs.ErrExist) {
		s, err = shm.AttachStream[float64](*name)
		if err == nil && (s.ItemShape()[0] != *size || len(s.ItemShape()) != 2) {
			err = fmt.Errorf("%w: stream %q has items of %v", ndarray.ErrShape, *name, s.ItemShape())
		}
	}
	return s, err
}

func say(s *shm.Stream[float64], number uint64) error {
	stats, err := s.Stats()
	if err != nil {
		return err
	}
	readers, lag := 0, uint64(0)
	for _, p := range stats.Ports {
		if p.Role == "reader" && p.Alive {
			readers++
			lag = max(lag, p.Lag)
		}
	}
	// One reader is this program's own.
	fmt.Printf("frame %d, %.1f/s, other readers: %d, the slowest is %d behind; waits for room: %d\n", number, stats.Rate, readers-1, lag, stats.Waits)
	return nil
}
