package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/samebytes/samebytes/pybridge"
)

type serve struct {
	Objects string `required:"" placeholder:"NAME" help:"Keep dicts, lists, namespaces and queues for programs that call samebytes.connect(NAME)."`
}

func (s *serve) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	srv := pybridge.NewServer()
	defer srv.Objects().Close()
	fmt.Println("serving as", s.Objects)
	return srv.Listen(ctx, s.Objects)
}
