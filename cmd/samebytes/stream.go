package main

// How a stream is shown: the lines of stat.

import (
	"fmt"
	"time"

	"github.com/samebytes/samebytes/shm"
)

// stream returns a line for the stream, and one for each who writes to it or reads it, each with a tab behind its first word.
func stream(s shm.StreamStats) []string {
	policy, ended := "reliable", ""
	if s.Lossy {
		policy = "lossy"
	}
	if s.Ended {
		ended = ", ended"
	}
	lines := []string{
		fmt.Sprintf("stream\t%s, %d items%s, %.3g items/s", policy, s.Items, ended, s.Rate),
		fmt.Sprintf("ring\t%d of %d slots on loan, writers waited %d times, %v", s.OnLoan, s.Slots, s.Waits, s.Waited.Round(time.Microsecond)),
	}
	for _, p := range s.Ports {
		lines = append(lines, p.Role+"\t"+port(p))
	}
	return lines
}

func port(p shm.Port) string {
	dead := ""
	if !p.Alive {
		dead = ", dead"
	}
	switch p.Role {
	case "writer":
		return fmt.Sprintf("slot %d, %d items%s", p.Row, p.Items, dead)
	case "group":
		return fmt.Sprintf("%s, %d behind%s", p.Group, p.Lag, dead)
	case "member":
		return fmt.Sprintf("of %s, slot %d, %d items, %d in hand, %d missed%s", p.Group, p.Row, p.Items, p.InHand, p.Missed, dead)
	}
	return fmt.Sprintf("slot %d, %d items, %d in hand, %d behind, %d missed%s", p.Row, p.Items, p.InHand, p.Lag, p.Missed, dead)
}
