package netstack

import (
	"time"

	"mewz/kernel/netstack/dhcp"
	"mewz/kernel/netstack/header"
	"mewz/kernel/netstack/ip"
	"mewz/kernel/netstack/udp"
	"mewz/kernel/socket"
)

// dhcpHost is what the DHCP client has of the stack (dhcp.Host).
type dhcpHost struct {
	stack    *Stack
	client   *dhcp.Client
	endpoint *udp.Endpoint
	probing  socket.Address // that was given to Probe, or zero
	lease    dhcp.Lease     // that holds, or zero
	message  [1500]byte
}

// startDHCP begins to ask for an IPv4 address.
func (s *Stack) startDHCP() error {
	h := &dhcpHost{stack: s}
	endpoint, err := s.udp.Open(socket.IPv4, nil)
	if err != nil {
		return err
	}
	if err := endpoint.SetOption(socket.OptionBroadcast, 1); err != nil {
		return err
	}
	if err := endpoint.Bind(socket.Endpoint{Port: dhcp.ClientPort}); err != nil {
		return err
	}
	h.endpoint = endpoint
	h.client = dhcp.New(dhcp.Config{
		Host: h, Random: s.machine.Random, MAC: s.machine.Device.MAC(), HostName: s.settings.hostName,
	})
	s.dhcp = h
	s.ip.AcceptAny = true
	h.poll(s.ip.Now())
	return nil
}

// messagesMax bounds the messages of one poll.
const messagesMax = 16

// poll takes messages and lets the clock of the client run.
func (h *dhcpHost) poll(now time.Duration) {
	for i := 0; i < messagesMax && h.endpoint.Ready()&socket.Readable != 0; i++ {
		n, from, err := h.endpoint.Receive(h.message[:], false)
		if err != nil {
			break
		}
		if from.Port == dhcp.ServerPort {
			h.client.Input(h.message[:min(n, len(h.message))], now)
		}
	}
	h.client.Poll(now)
}

// Send: see dhcp.Host. A message that cannot be sent is one that was lost.
func (h *dhcpHost) Send(message []byte, to socket.Address) {
	_ = h.endpoint.Send(message, socket.Endpoint{Address: to, Port: dhcp.ServerPort})
}

// Probe: see dhcp.Host.
func (h *dhcpHost) Probe(a header.Prefix) {
	h.probing = a.Address
	if err := h.stack.ip.Assign(ip.Assignment{Prefix: a, Probe: true, Valid: socket.Forever}); err != nil {
		h.Log("DHCP gave " + header.FormatPrefix(a) + ": " + err.Error())
		h.probed(a.Address, true)
	}
}

// probed tells the client what has become of an address. It is false if that is not one of DHCP.
func (h *dhcpHost) probed(a socket.Address, taken bool) bool {
	if h.probing != a {
		return false
	}
	h.probing = socket.Address{}
	h.client.Probed(taken, h.stack.ip.Now())
	return true
}

// Bound: see dhcp.Host.
func (h *dhcpHost) Bound(l *dhcp.Lease) {
	layer := h.stack.ip
	if h.lease.Router != l.Router && h.lease.Router != (socket.Address{}) {
		layer.SetGateway(h.lease.Router, layer.Now())
	}
	isNew := h.lease.Address != l.Address
	h.lease = *l
	layer.AcceptAny = false
	layer.Extend(l.Address, l.Expires)
	if l.Router != (socket.Address{}) && !h.stack.settings.hasGateway4() {
		layer.SetGateway(l.Router, l.Expires)
	}
	if l.MTU != 0 {
		layer.LimitMTU(l.MTU)
	}
	if isNew {
		h.Log("address " + header.FormatPrefix(l.Address) + " by DHCP")
	}
}

// Lost: see dhcp.Host.
func (h *dhcpHost) Lost(l *dhcp.Lease) {
	layer := h.stack.ip
	layer.Remove(l.Address.Address)
	layer.RemovePrefix(l.Address)
	if l.Router != (socket.Address{}) && !h.stack.settings.hasGateway4() {
		layer.SetGateway(l.Router, layer.Now())
	}
	h.lease = dhcp.Lease{}
	layer.AcceptAny = true
}

// Log: see dhcp.Host.
func (h *dhcpHost) Log(text string) { h.stack.Log(text) }
