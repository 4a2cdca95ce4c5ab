"""An example project: a shop's cart, from lines of text to a receipt."""
# ruff: noqa: RET504 - plain code with locals, as people write it and as edits need it

PRICES = {"apple": 30, "bread": 250, "cheese": 899, "tea": 420, "soap": 199, "lamp": 2450}
GROUPS = {"apple": "food", "bread": "food", "cheese": "food", "tea": "food", "soap": "home", "lamp": "home"}
RATES = {"food": 7, "home": 19}
RULES = (("tea", 3, 10), ("soap", 2, 25), ("apple", 10, 20))


class Line:
    def __init__(self, name, count):
        self.name = name
        self.count = count
        self.price = PRICES[name]
        self.off = 0

    def gross(self):
        price = self.price
        count = self.count
        return price * count

    def net(self):
        gross = self.gross()
        off = self.off
        return gross - gross * off // 100

    def tax(self):
        rate = rate_of(self.name)
        net = self.net()
        return net * rate // (100 + rate)


class Cart:
    def __init__(self):
        self.lines = []

    def find(self, name):
        for line in self.lines:
            if line.name == name:
                return line
        return None

    def add(self, name, count):
        line = self.find(name)
        if line is None:
            self.lines.append(Line(name, count))
        else:
            line.count += count

    def total(self):
        total = 0
        for line in self.lines:
            total += line.net()
        return total

    def taxes(self):
        sums = {}
        for line in self.lines:
            rate = rate_of(line.name)
            sums[rate] = sums.get(rate, 0) + line.tax()
        return sums


def rate_of(name):
    group = GROUPS[name]
    rate = RATES[group]
    return rate


def split(text):
    parts = text.split(";")
    kept = [part.strip() for part in parts if part]
    return kept


def item(part):
    count, _, name = part.partition(" ")
    number = int(count)
    return name, number


def loaded(text):
    cart = Cart()
    for part in split(text):
        name, count = item(part)
        cart.add(name, count)
    return cart


def discounted(cart):
    for name, least, off in RULES:
        line = cart.find(name)
        if line is not None and line.count >= least:
            line.off = off
    return cart


def shipping(total, cart):
    free = total >= 5000
    heavy = sum(line.count for line in cart.lines) > 20
    cost = 0 if free else 490
    return cost + 200 if heavy else cost


def money(cents):
    whole = cents // 100
    rest = cents % 100
    return f"{whole}.{rest:02d}"


def padded(left, right):
    width = 32 - len(left)
    return left + right.rjust(width)


def row(line):
    name = f"{line.count} {line.name}"
    price = money(line.net())
    return padded(name, price)


def receipt(text):
    cart = discounted(loaded(text))
    total = cart.total()
    costs = shipping(total, cart)
    rows = [row(line) for line in cart.lines]
    rows.append(padded("shipping", money(costs)))
    for rate, tax in cart.taxes().items():
        rows.append(padded(f"tax {rate} %", money(tax)))
    rows.append(padded("total", money(total + costs)))
    return "\n".join(rows)
