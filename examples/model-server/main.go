// Model-server is a web server in Go that asks a model of scikit-learn's, in Python workers, over shared arrays. README.md tells the
// whole story.
//
//	model-server [-addr HOST:PORT] [-workers N] [-python PATH]     serve until interrupted
//	model-server -load N [-clients N]                              serve, send N requests to itself, and say how it went
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

const (
	pixels   = 64  // of an image
	mostRows = 256 // images in a request
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("model-server: ")
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen")
	workers := flag.Int("workers", runtime.NumCPU(), "Python processes")
	python := flag.String("python", "python3", "the interpreter that has scikit-learn and samebytes")
	requests := flag.Int("load", 0, "send so many requests, and end")
	clients := flag.Int("clients", 8, "requests at a time, with -load")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *python, *workers, *requests, *clients); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func run(ctx context.Context, addr, python string, workers, requests, clients int) error {
	pool, err := pybridge.Start(ctx, pybridge.Python{
		File: filepath.Join(source(), "model.py"), Init: "train", Interpreter: python, Workers: workers,
		Progress: func(worker int, stage string) { log.Printf("worker %d: %s", worker, stage) },
		Output:   func(worker int, line string) { log.Printf("worker %d: %s", worker, line) },
	})
	if err != nil {
		return err
	}
	defer pool.Close()
	s, err := newServer(pool, workers)
	if err != nil {
		return err
	}
	defer s.close()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	log.Printf("http://%s/predict", listener.Addr())
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	if requests > 0 {
		err = load(ctx, pool, "http://"+listener.Addr().String(), requests, clients)
	} else {
		select {
		case err = <-ended:
		case <-ctx.Done():
		}
	}
	// Requests that are under way are answered.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, server.Shutdown(last))
}

// source is this file's folder.
func source() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

// server answers by the model. Each worker has arrays to be given requests in, which are made once.
type server struct {
	pool *pybridge.Pool
	free chan buffer
}

// buffer is a request's images and their digits, in memory that Python has too.
type buffer struct {
	images *shm.Array[float64] // (mostRows, pixels)
	digits *shm.Array[int64]
}

func newServer(pool *pybridge.Pool, buffers int) (*server, error) {
	s := &server{pool, make(chan buffer, buffers)}
	for range buffers {
		images, err := shm.New[float64]([]int{mostRows, pixels})
		if err != nil {
			return nil, err
		}
		digits, err := shm.New[int64]([]int{mostRows})
		if err != nil {
			return nil, err
		}
		s.free <- buffer{images, digits}
	}
	return s, nil
}

func (s *server) close() {
	for range cap(s.free) {
		b := <-s.free
		b.images.Close()
		b.digits.Close()
	}
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /predict", s.predict)
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, s.pool) })
	return mux
}

// question and answer are the JSON of a request.
type (
	question struct {
		Images [][]float64 `json:"images"` // of 64 pixels, 0 to 16
	}
	answer struct {
		Digits []int64 `json:"digits"`
	}
)

func (s *server) predict(w http.ResponseWriter, r *http.Request) {
	var q question
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if n := len(q.Images); n == 0 || n > mostRows {
		http.Error(w, fmt.Sprintf("expected 1 to %d images, found %d", mostRows, n), http.StatusBadRequest)
		return
	}
	for i, image := range q.Images {
		if len(image) != pixels {
			http.Error(w, fmt.Sprintf("image %d: expected %d pixels, found %d", i, pixels, len(image)), http.StatusBadRequest)
			return
		}
	}
	digits, err := s.ask(r.Context(), q.Images)
	switch {
	case errors.Is(err, pybridge.ErrWorkerDied):
		http.Error(w, "try again: "+err.Error(), http.StatusServiceUnavailable)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		json.NewEncoder(w).Encode(answer{digits}) // who does not read it has gone
	}
}

// ask puts images where Python sees them, and returns what Python has put beside them.
func (s *server) ask(ctx context.Context, images [][]float64) ([]int64, error) {
	var b buffer
	select {
	case b = <-s.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { s.free <- b }()
	for i, image := range images {
		copy(b.images.Data()[i*pixels:], image)
	}
	rows := ndarray.Range(0, len(images))
	err := s.pool.Call(ctx, nil, "predict", pybridge.View(b.images, b.images.Slice(rows)), pybridge.View(b.digits, b.digits.Slice(rows)))
	return append([]int64(nil), b.digits.Data()[:len(images)]...), err
}
