package main

import (
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress is a bar on a terminal for what takes longer than a second; elsewhere it is silent.
type progress struct {
	what  string
	total int // steps, or -1 for a spinner
	out   *os.File
	timer *time.Timer

	mu   sync.Mutex
	bar  *progressbar.ProgressBar // nil until a second has passed
	done int
	over bool
}

// progress begins to count the time.
func (a *app) progress(what string, total int) *progress {
	p := &progress{what: what, total: total}
	if f, ok := a.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.out = f
		p.timer = time.AfterFunc(time.Second, p.show)
	}
	return p
}

func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	barWidth, numbers := 20, 40 // the count and the times beside the bar
	if p.total < 0 {
		barWidth, numbers = 0, 12
	}
	width, _, err := term.GetSize(int(p.out.Fd()))
	if err != nil {
		width = 80
	}
	what := p.what
	if most := max(width-barWidth-numbers, 10); len(what) > most { // a line that wraps is never overwritten
		what = what[:most-3] + "..."
	}
	options := []progressbar.Option{progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(what),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(max(barWidth, 1)), progressbar.OptionSpinnerType(14)}
	if p.total > 0 {
		options = append(options, progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	p.bar = progressbar.NewOptions(p.total, options...)
	p.bar.RenderBlank()
	p.bar.Set(p.done)
}

// step advances the bar by one.
func (p *progress) step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if p.bar != nil {
		p.bar.Set(p.done)
	}
}

// end takes the bar away.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	if p.bar != nil {
		p.bar.Finish()
		p.bar.Exit()
	} else if p.timer != nil {
		p.timer.Stop()
	}
}
