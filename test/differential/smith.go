package differential

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// smithConfig is what wasm-tools smith may generate: what wazero has too, with no
// imports, and with the bits of NaNs canonical.
const smithConfig = `{
	"allow-start-export": true, "canonicalize-nans": true, "export-everything": true, "disallow-traps": %v,
	"max-imports": 0, "min-funcs": 4, "max-funcs": 12, "max-instructions": 400, "max-globals": 8, "min-exports": 4,
	"min-memories": 1, "max-memories": 1, "max-memory32-bytes": 262144, "memory-max-size-required": true,
	"memory-offset-choices": [90, 9, 1],
	"max-tables": 2, "max-table-elements": 64, "table-max-size-required": true,
	"bulk-memory-enabled": true, "reference-types-enabled": true, "simd-enabled": true, "multi-value-enabled": true,
	"sign-extension-ops-enabled": true, "saturating-float-to-int-enabled": true, "extended-const-enabled": true,
	"tail-call-enabled": %v,
	"compact-imports-enabled": false, "custom-descriptors-enabled": false, "custom-page-sizes-enabled": false,
	"exceptions-enabled": false, "gc-enabled": false, "memory64-enabled": false, "relaxed-simd-enabled": false,
	"threads-enabled": false, "shared-everything-threads-enabled": false, "wide-arithmetic-enabled": false
}`

// smithFuel is how many rounds and calls a module of smith may make; smithBytes
// is how many random bytes decide what it is; smithTimeout ends smith itself.
const (
	smithFuel    = 1000
	smithBytes   = 6000
	smithTimeout = 30 * time.Second
)

// Smith makes a module with wasm-tools smith. The same random numbers give the
// same module as long as wasm-tools is the same. No module and no error says
// that smith could make none of them.
func Smith(ctx context.Context, r *rand.Rand, wasmTools, dir string) ([]byte, error) {
	config := filepath.Join(dir, "smith.json")
	if err := os.WriteFile(config, fmt.Appendf(nil, smithConfig, r.IntN(4) != 0, r.IntN(3) == 0), 0o644); err != nil {
		return nil, err
	}
	var seed []byte
	for len(seed) < smithBytes {
		seed = binary.LittleEndian.AppendUint64(seed, r.Uint64())
	}
	limited, cancel := context.WithTimeout(ctx, smithTimeout)
	defer cancel()
	command := exec.CommandContext(limited, wasmTools, "smith", "--config", config, "--ensure-termination", "--fuel", strconv.Itoa(smithFuel))
	var module, complaint bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(seed), &module, &complaint
	const noModule = 2 // smith's exit code
	if err := command.Run(); err != nil {
		if command.ProcessState != nil && command.ProcessState.ExitCode() == noModule {
			return nil, nil
		}
		return nil, fmt.Errorf("wasm-tools smith: %w: %s", err, complaint.Bytes())
	}
	return module.Bytes(), nil
}
