# Prints a week of 1m bars as CSV, the same on every machine: a random walk in ticks of 0.01 from a small generator of our
# own (the minimal standard one, exact in doubles), since every awk has another rand().
#
#     awk -f tools/demo_bars.awk -v days=7 > bars.csv

function random() {
    state = (state * 16807) % 2147483647
    return state / 2147483647
}

# One price, in ticks, as text.
function price(ticks) {
    return sprintf("%d.%02d", int(ticks / 100), ticks % 100)
}

BEGIN {
    if (!days)
        days = 7
    state = 20240101
    start_s = 1704067200 # 2024-01-01T00:00:00Z
    open = 4228358       # ticks
    print "ts,open,high,low,close,volume"
    for (minute = 0; minute < days * 1440; minute++) {
        close_ = open + int((random() + random() + random() - 1.5) * 4000)
        high = (open > close_ ? open : close_) + int(random() * 1500)
        low = (open < close_ ? open : close_) - int(random() * 1500)
        volume = 5 + int(random() * random() * 400000) # thousandths
        printf "%.0f000,%s,%s,%s,%s,%d.%03d\n", start_s + minute * 60, price(open), price(high), price(low), \
            price(close_), int(volume / 1000), volume % 1000
        open = close_ + int((random() - 0.5) * 20)
    }
}
