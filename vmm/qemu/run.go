package qemu

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"mewz/vmm"
)

// errNotReady is wrapped by what a machine did instead of its first frame.
var errNotReady = errors.New("the machine did not start")

// startFormat is what Verbose gets before each QEMU.
const startFormat = "%s: %q"

// Run runs m, under KVM if that works.
func (v *VMM) Run(ctx context.Context, m *vmm.Machine) (*vmm.Result, error) {
	path, err := v.find()
	if err != nil {
		return nil, err
	}
	accels, err := v.accels()
	if err != nil {
		return nil, err
	}
	if err := checkNetwork(m.Network); err != nil {
		return nil, err
	}
	relays, err := startRelays(m.Network)
	if err != nil {
		return nil, err
	}
	defer relays.close()
	relayed := *m
	relayed.Network = relays.network
	m = &relayed
	kvmReason := ""
	for i, accel := range accels {
		argv, err := v.command(path, m, accel)
		if err != nil {
			return nil, err
		}
		s := &session{machine: m, argv: argv, readyTimeout: readyTimeout, kvm: accel == AccelKVM}
		if s.kvm {
			s.readyTimeout = cmp.Or(v.kvmTimeout, kvmReadyTimeout)
		}
		if kvmReason != "" && v.CPU == "" {
			// Once the same image starts under TCG, it was KVM's fault, or that
			// of a processor model that only this run asked for.
			s.onReady = func() { rememberKVM(kvmReason) }
		}
		v.verbose(startFormat, accel, argv)
		result, err := s.run(ctx)
		if !errors.Is(err, errNotReady) || ctx.Err() != nil {
			return result, err
		}
		if i == len(accels)-1 {
			return nil, notReadyFailure(accel, err)
		}
		kvmReason = err.Error()
		v.verbose("KVM does not run the machine, TCG takes over: %v", err)
	}
	return nil, errNotReady
}

// notReadyFailure says what to do about a machine that did not start.
func notReadyFailure(accel Accel, err error) error {
	if accel == AccelKVM {
		err = fmt.Errorf("%w; KVM does not work here: --accel tcg", err)
	}
	var failure *vmm.Failure
	if errors.As(err, &failure) {
		return &vmm.Failure{What: err.Error(), Log: failure.Log}
	}
	return err
}
