package vmm

import (
	"testing"
	"time"
)

// Only who has something to bring to an end gets time for that.
func TestStopGrace(t *testing.T) {
	for _, test := range []struct {
		machine Machine
		want    time.Duration
	}{
		{Machine{Shares: []Share{{ReadOnly: true}}}, 0},
		{Machine{Network: &Network{}, Volumes: []Volume{{ReadOnly: true}}}, stopGrace},
		{Machine{Volumes: []Volume{{}}}, stopGraceFiles},
		{Machine{Shares: []Share{{}}, Network: &Network{}}, stopGraceFiles},
	} {
		if got := test.machine.StopGrace(); got != test.want {
			t.Errorf("StopGrace with %+v = %v, want %v", test.machine, got, test.want)
		}
	}
}
