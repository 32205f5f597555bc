package pybridge

import "testing"

// TestNudgeAfterTheEnd has a context end when the link has: its memory is not there any more.
func TestNudgeAfterTheEnd(t *testing.T) {
	file, memory, err := newMemory()
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	conn, theirs, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	l := newLink(conn, memory, slots, slotSize, true)
	l.end(ErrClosed)
	<-l.left
	l.nudge()
}
